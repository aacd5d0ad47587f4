import { type Node, type NodeProps, NodeResizer } from "@xyflow/react";
import { memo, useEffect, useMemo, useRef } from "react";
import type { Annotation } from "../../canvas/types.ts";
import { setAnnotation } from "../document/edits.ts";
import { useEditor } from "../store.ts";
import { NOTE_SIZE } from "./frames.ts";
import { useSurface } from "./state.ts";

export type AnnotationNode = Node<{ annotation: Annotation }, "note" | "frame">;

const COLORS = ["yellow", "blue", "green", "red", "violet", "grey"] as const;
const NOBODY: readonly Annotation[] = [];

/** The notes and frames of the draft, as the drawing library wants them: frames behind everything, notes before. */
export function useAnnotations(): { frames: AnnotationNode[]; notes: AnnotationNode[] } {
  const annotations = useEditor((state) => (state.looking ?? state.definition).annotations ?? NOBODY);
  const chosen = useEditor((state) => state.selection.annotations);
  const moved = useSurface((state) => state.moved);
  const sized = useSurface((state) => state.sized);
  const known = useRef(new Map<string, AnnotationNode>());
  return useMemo(() => {
    const all = annotations.map((annotation): AnnotationNode => {
      const { id, kind = "note" } = annotation;
      const position = moved?.[id] ?? annotation.position;
      const { width, height } = sized?.[id] ?? { ...NOTE_SIZE, ...annotation };
      const selected = chosen.has(id);
      const before = known.current.get(id);
      if (
        before?.data.annotation === annotation &&
        before.position === position &&
        before.width === width &&
        before.height === height &&
        before.selected === selected
      )
        return before;
      const node: AnnotationNode = {
        id,
        type: kind,
        position,
        width,
        height,
        data: { annotation },
        selected,
        zIndex: kind === "frame" ? -10 : 5,
        connectable: false,
        ariaRole: "group",
        ariaLabel: kind === "frame" ? `Frame ${annotation.text ?? ""}` : `Note: ${annotation.text ?? ""}`,
        ...(kind === "frame" ? { dragHandle: ".frame-title" } : {}),
        domAttributes: { "aria-roledescription": kind, tabIndex: 0 },
      };
      known.current.set(id, node);
      return node;
    });
    return {
      frames: all.filter(({ type }) => type === "frame"),
      notes: all.filter(({ type }) => type !== "frame"),
    };
  }, [annotations, chosen, moved, sized]);
}

/** Words of somebody to whoever reads the workflow. */
export const Note = memo(function Note({ data, selected }: NodeProps<AnnotationNode>) {
  const { annotation } = data;
  return (
    <div className="note" data-color={annotation.color ?? "yellow"} data-selected={selected || undefined}>
      <Shape annotation={annotation} isChosen={selected} least={{ width: 120, height: 64 }} />
      {annotation.author ? (
        <p className="note-author">
          {annotation.author}
          {annotation.written_at ? `, ${day(annotation.written_at)}` : ""}
        </p>
      ) : null}
      <Words annotation={annotation} placeholder="Write a note" />
    </div>
  );
});

/** A frame around nodes, which go where it goes. */
export const Frame = memo(function Frame({ data, selected }: NodeProps<AnnotationNode>) {
  const { annotation } = data;
  return (
    <div className="frame" data-color={annotation.color ?? "grey"} data-selected={selected || undefined}>
      <Shape annotation={annotation} isChosen={selected} least={{ width: 160, height: 80 }} />
      <div className="frame-title">
        <Words annotation={annotation} placeholder="Name this group" isLine />
      </div>
    </div>
  );
});

function day(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime())
    ? ""
    : at.toLocaleDateString("en-GB", {
        day: "numeric",
        month: "short",
        timeZone: document.documentElement.dataset.zone || undefined,
      });
}

/** The words themselves: a double click or Enter writes them in place. */
function Words({
  annotation,
  placeholder,
  isLine = false,
}: {
  annotation: Annotation;
  placeholder: string;
  isLine?: boolean;
}) {
  const { id, text = "" } = annotation;
  const isWriting = useSurface((state) => state.writing === id);
  const isLocked = useEditor((state) => state.isLocked);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!isWriting) return;
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, [isWriting]);
  const end = (): void => {
    if (useSurface.getState().writing === id) useSurface.setState({ writing: null });
  };
  if (!isWriting || isLocked)
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: keys write it by Enter on the note.
      <div
        className="note-words"
        data-empty={text === "" || undefined}
        onDoubleClick={() => useSurface.setState({ writing: id })}
      >
        {text || placeholder}
      </div>
    );
  return (
    <textarea
      ref={field}
      className="note-words nodrag nopan nowheel"
      value={text}
      rows={isLine ? 1 : 2}
      maxLength={10_000}
      placeholder={placeholder}
      aria-label={isLine ? "Name of the frame" : "Note"}
      onChange={(event) => {
        const { value } = event.target;
        const words = isLine ? value.replace(/\n/g, " ") : value;
        useEditor.getState().edit("Write", (now) => setAnnotation(now, id, { text: words }), `write ${id}`);
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape" || (isLine && event.key === "Enter")) {
          event.preventDefault();
          end();
          field.current?.closest<HTMLElement>(".react-flow__node")?.focus({ preventScroll: true });
        }
      }}
      onBlur={end}
    />
  );
}

/** Size and colour of a note or frame, while it is chosen. */
function Shape({
  annotation,
  isChosen,
  least,
}: {
  annotation: Annotation;
  isChosen: boolean;
  least: { width: number; height: number };
}) {
  const isLocked = useEditor((state) => state.isLocked);
  const { id } = annotation;
  if (isLocked || !isChosen) return null;
  return (
    <>
      <NodeResizer
        minWidth={least.width}
        minHeight={least.height}
        onResize={(_, { x, y, width, height }) =>
          useSurface.setState({ moved: { [id]: { x, y } }, sized: { [id]: { width, height } } })
        }
        onResizeEnd={(_, { x, y, width, height }) => {
          useEditor.getState().edit("Resize", (now) =>
            setAnnotation(now, id, {
              position: { x: Math.round(x), y: Math.round(y) },
              width: Math.round(width),
              height: Math.round(height),
            }),
          );
          useSurface.setState({ moved: null, sized: null });
        }}
      />
      <fieldset className="note-colors nodrag nopan">
        <legend className="visually-hidden">Colour</legend>
        {COLORS.map((color) => (
          <button
            key={color}
            type="button"
            aria-label={color}
            aria-pressed={(annotation.color ?? "yellow") === color}
            title={color}
            data-color={color}
            onClick={(event) => {
              event.stopPropagation();
              useEditor.getState().edit("Colour", (now) => setAnnotation(now, id, { color }));
            }}
          />
        ))}
      </fieldset>
    </>
  );
}
