import { useEffect, useMemo, useRef, useState } from "react";
import { ancestorsOf } from "../../canvas/family.ts";
import { Icon } from "../../canvas/Icon.tsx";
import { useCanvas } from "../../canvas/store.ts";
import { typeKey, useEditor } from "../store.ts";
import { focusNode } from "./actions.ts";
import { type Found, search } from "./finding.ts";
import { sceneNow } from "./scene.ts";
import { theView, useSurface } from "./state.ts";
import { fitTo, slow } from "./view.ts";
import { readingOrder } from "./walk.ts";

/** Finds steps by name, type and what stands in their parameters; the view goes where they are. */
export function Search() {
  const isOpen = useSurface((state) => state.isSearching);
  return isOpen ? <Field /> : null;
}

function Field() {
  const definition = useEditor((state) => state.looking ?? state.definition);
  const types = useEditor((state) => state.types);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const found = useMemo(() => {
    const byId = new Map(definition.nodes.map((node) => [node.id, node]));
    const entryOf = (id: string) => {
      const node = byId.get(id);
      return node && types.get(typeKey(node));
    };
    return search(definition, query, entryOf, readingOrder(sceneNow()));
  }, [definition, types, query]);
  const index = Math.min(at, found.length - 1);
  const current = found[index];
  const shown = useRef("");
  useEffect(() => {
    const key = current ? `${current.id} ${query}` : "";
    if (key === shown.current) return;
    shown.current = key;
    if (current) void showFound(current);
  }, [current, query]);
  const close = (): void => {
    useSurface.setState({ isSearching: false });
    if (current?.kind === "node") focusNode(current.id);
  };
  const go = (by: number): void => {
    if (found.length > 0) setAt((index + by + found.length) % found.length);
  };
  return (
    <search className="surface-search">
      <Icon name="search" size={14} />
      <input
        ref={field}
        value={query}
        placeholder="Find a step"
        aria-label="Find a step by name, type or parameter"
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape") close();
          else if (event.key === "Enter" || event.key === "F3") go(event.shiftKey ? -1 : 1);
          else if (event.key === "ArrowDown") go(1);
          else if (event.key === "ArrowUp") go(-1);
          else return;
          event.preventDefault();
        }}
      />
      <span className="surface-found" role="status">
        {query.trim() === ""
          ? ""
          : found.length === 0
            ? "Nothing found"
            : `${index + 1} of ${found.length}${current?.where ? `, ${current.where}` : ""}`}
      </span>
      <button
        type="button"
        aria-label="Previous"
        title="Previous"
        disabled={!found.length}
        onClick={() => go(-1)}
      >
        <Icon name="chevron-up" size={14} />
      </button>
      <button type="button" aria-label="Next" title="Next" disabled={!found.length} onClick={() => go(1)}>
        <Icon name="chevron-down" size={14} />
      </button>
      <button type="button" aria-label="Close the search" title="Close" onClick={close}>
        <Icon name="x" size={14} />
      </button>
    </search>
  );
}

/** Opens the containers around it, chooses it, and brings it to the middle of what is seen. */
async function showFound({ id, kind }: Found): Promise<void> {
  const { choose } = useEditor.getState();
  if (kind === "note") {
    choose({ annotations: new Set([id]) });
    fitTo([id]);
    return;
  }
  const { family, closed, toggle } = useCanvas.getState();
  for (const container of ancestorsOf(family, id)) if (closed.has(container)) await toggle(container);
  choose({ nodes: new Set([id]) });
  useSurface.setState({ reached: id });
  const { places, cards } = useCanvas.getState();
  const [place, card, view] = [places[id], cards[id], theView()];
  if (!place || !card || !view) return;
  void view.setCenter(place.x + card.width / 2, place.y + Math.min(card.height, 200) / 2, {
    zoom: Math.max(view.getZoom(), 0.8),
    duration: slow() / 2,
  });
}
