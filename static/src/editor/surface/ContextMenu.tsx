import { Fragment, type KeyboardEvent, useEffect, useLayoutEffect, useRef } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import { command, runCommand } from "../commands.ts";
import { keysOf } from "../keys.ts";
import { useEditor } from "../store.ts";
import { focusNode } from "./actions.ts";
import { useSurface } from "./state.ts";

/** What can be done with what was pointed at, by the ids of commands; those that cannot be done now are left out. */
const OFFERS = {
  node: [
    ["canvas.open", "canvas.add", "canvas.connect"],
    ["run.node", "run.to", "run.breakpoint"],
    ["edit.copy", "edit.cut", "edit.duplicate"],
    ["canvas.disable", "canvas.toggle_loop", "canvas.frame", "canvas.move_in", "canvas.move_out"],
    ["canvas.hang", "canvas.take_off"],
    ["canvas.delete"],
  ],
  note: [["canvas.open"], ["edit.copy", "edit.duplicate"], ["canvas.delete"]],
  way: [["canvas.delete"]],
  pane: [
    ["canvas.add", "canvas.note", "edit.paste"],
    ["canvas.select_all", "canvas.tidy"],
    ["canvas.fit", "canvas.search"],
  ],
} as const;

export interface Opened {
  kind: keyof typeof OFFERS;
  /** Where in the window. */
  at: { x: number; y: number };
  /** What can be done now, in groups. */
  groups: string[][];
}

/** Opens the menu for what is pointed at, which is chosen unless it already is, alone or with others. */
export function openMenu(kind: Opened["kind"], id: string | null, at: Opened["at"]): void {
  const { selection, choose } = useEditor.getState();
  if (id !== null) {
    if (kind === "node" && !selection.nodes.has(id)) choose({ nodes: new Set([id]) });
    if (kind === "note" && !selection.annotations.has(id)) choose({ annotations: new Set([id]) });
    if (kind === "way") choose({ connections: new Set([id]) });
    if (kind !== "way") focusNode(id);
  } else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  const groups = OFFERS[kind]
    .map((group) => group.filter((one) => command(one) && command(one)?.isPossible?.() !== false))
    .filter((group) => group.length > 0);
  if (groups.length > 0) useSurface.setState({ menu: { kind, at, groups } });
}

/** The menu at the pointer. */
export function ContextMenu() {
  const menu = useSurface((state) => state.menu);
  return menu ? <Items key={`${menu.at.x} ${menu.at.y}`} {...menu} /> : null;
}

const EDGE = 8;

function Items({ at, groups }: Opened) {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef(document.activeElement);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(EDGE, Math.min(at.x, innerWidth - width - EDGE))}px`;
    element.style.top = `${Math.max(EDGE, Math.min(at.y, innerHeight - height - EDGE))}px`;
    element.querySelector("button")?.focus({ preventScroll: true });
  }, [at]);
  useEffect(() => {
    const away = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) useSurface.setState({ menu: null });
    };
    for (const name of ["pointerdown", "wheel"]) window.addEventListener(name, away, true);
    return () => {
      for (const name of ["pointerdown", "wheel"]) window.removeEventListener(name, away, true);
    };
  }, []);
  const close = (): void => {
    useSurface.setState({ menu: null });
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
  };
  const press = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const all = [...(box.current?.querySelectorAll("button") ?? [])];
    const index = all.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key === "ArrowDown") all[(index + 1) % all.length]?.focus();
    else if (event.key === "ArrowUp") all[(index - 1 + all.length) % all.length]?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <div ref={box} className="menu-panel surface-menu" role="menu" tabIndex={-1} onKeyDown={press}>
      {groups.map((group, index) => (
        <Fragment key={group[0]}>
          {index > 0 ? <div className="menu-line" /> : null}
          {group.map((id) => {
            const found = command(id);
            return found ? (
              <button
                key={id}
                type="button"
                role="menuitem"
                className={id === "canvas.delete" ? "menu-item is-danger" : "menu-item"}
                onClick={() => {
                  close();
                  runCommand(id);
                }}
              >
                <Icon name={found.icon ?? "circle"} />
                {found.title}
                {found.keys?.[0] ? <span className="kbd">{keysOf(found)}</span> : null}
              </button>
            ) : null;
          })}
        </Fragment>
      ))}
    </div>
  );
}
