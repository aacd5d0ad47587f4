import { type ReactNode, useEffect, useId, useRef } from "react";
import { Icon } from "../canvas/Icon.tsx";

/** A dialog that is open as long as it is drawn. Escape, its cross and a click beside it call `onClose`. */
export function Dialog({
  title,
  isWide,
  onClose,
  children,
}: {
  title: string;
  isWide?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={isWide ? "dialog editor-dialog is-wide" : "dialog editor-dialog"}
      aria-labelledby={id}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" className="btn btn-ghost btn-icon btn-sm" aria-label="Close" onClick={onClose}>
          <Icon name="x" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** A menu under a button; it closes when something in it is chosen, and by what closes all menus of the page. */
export function Menu({
  label,
  className = "btn btn-icon",
  isStart,
  summary,
  children,
}: {
  label: string;
  className?: string;
  isStart?: boolean;
  summary: ReactNode;
  children: ReactNode;
}) {
  const menu = useRef<HTMLDetailsElement>(null);
  return (
    <details ref={menu} className={isStart ? "menu menu-start" : "menu"}>
      <summary className={className} aria-label={label} title={label}>
        {summary}
      </summary>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what is chosen inside is a button or a link of its own. */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above, and keys click them. */}
      <div
        className="menu-panel"
        onClick={(event) => {
          if (event.target instanceof Element && event.target.closest(".menu-item") && menu.current)
            menu.current.open = false;
        }}
      >
        {children}
      </div>
    </details>
  );
}

/** A line of a menu. */
export function MenuItem({
  icon,
  children,
  keys,
  isDanger,
  onChoose,
}: {
  icon: string;
  children: ReactNode;
  keys?: string;
  isDanger?: boolean;
  onChoose: () => void;
}) {
  return (
    <button type="button" className={isDanger ? "menu-item is-danger" : "menu-item"} onClick={onChoose}>
      <Icon name={icon} />
      {children}
      {keys ? <span className="kbd">{keys}</span> : null}
    </button>
  );
}
