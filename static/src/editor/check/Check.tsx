import { type KeyboardEvent, useEffect, useRef } from "react";
import { Icon } from "../../canvas/Icon.tsx";
import type { Finding } from "../../canvas/types.ts";
import { useEditor } from "../store.ts";
import { goTo, hide, keyOfFinding, mend, showHidden, shownOf, useCheck } from "./store.ts";

/** What the lint says of the draft: one line at the foot of the canvas, which opens the list. */
export function Check() {
  const findings = useEditor((state) => state.findings);
  const isLooking = useEditor((state) => state.looking !== null);
  const { isOpen, hidden } = useCheck();
  const shown = shownOf(findings, hidden);
  const errors = shown.filter(({ severity }) => severity === "error").length;
  const first = shown[0];
  if (isLooking || (shown.length === 0 && !isOpen && hidden.length === 0)) return null;
  const tone = errors > 0 ? "error" : shown.length > 0 ? "human" : "success";
  return (
    <div className="lint">
      {isOpen ? <List findings={shown} /> : null}
      {first || isOpen ? (
        <button
          type="button"
          className="lint-line"
          data-tone={tone}
          aria-expanded={isOpen}
          title="What the lint says (E)"
          onClick={() => useCheck.setState({ isOpen: !isOpen })}
        >
          <Icon name={ICONS[tone]} size={14} />
          <span className="truncate-line">{first ? wordsOf(shown, errors) : "Nothing to mend"}</span>
          <Icon name={isOpen ? "chevron-down" : "chevron-up"} size={14} />
        </button>
      ) : null}
    </div>
  );
}

const ICONS = { error: "circle-x", human: "triangle-alert", success: "circle-check" } as const;

function wordsOf(shown: readonly Finding[], errors: number): string {
  const warnings = shown.length - errors;
  const counted = [
    errors ? `${errors} ${errors === 1 ? "error" : "errors"}` : "",
    warnings ? `${warnings} ${warnings === 1 ? "warning" : "warnings"}` : "",
  ];
  const words = counted.filter(Boolean).join(", ");
  return shown.length === 1 ? `${words}: ${shown[0]?.message ?? ""}` : words;
}

/** The findings, grouped by node. The arrows walk from one to the next. */
function List({ findings }: { findings: readonly Finding[] }) {
  const definition = useEditor((state) => state.definition);
  const isLocked = useEditor((state) => state.isLocked);
  const hidden = useCheck((state) => state.hidden.length);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.querySelector<HTMLElement>(".lint-words")?.focus(), []);
  const names = new Map(definition.nodes.map(({ id, name }) => [id, name]));
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const group = names.has(finding.node_id) ? finding.node_id : "";
    groups.set(group, [...(groups.get(group) ?? []), finding]);
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      useCheck.setState({ isOpen: false });
      event.stopPropagation();
      return;
    }
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    const all = [...(list.current?.querySelectorAll<HTMLElement>(".lint-words") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLElement);
    all[(here + step + all.length) % all.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows walk through the buttons inside.
    <div ref={list} className="lint-list" onKeyDown={onKeyDown}>
      {findings.length === 0 ? (
        <p className="muted">Nothing is wrong with the draft: it can be published.</p>
      ) : null}
      {[...groups].map(([id, group]) => (
        <section key={id}>
          <h3 className="label">{id ? names.get(id) : "The workflow"}</h3>
          <ul>
            {group.map((finding) => (
              <li key={`${keyOfFinding(finding)} ${finding.path}`}>
                <span className="tone" data-tone={finding.severity === "error" ? "error" : "human"}>
                  <Icon name={finding.severity === "error" ? "circle-x" : "triangle-alert"} size={14} />
                  <span className="visually-hidden">{finding.severity}: </span>
                </span>
                <div>
                  <button type="button" className="lint-words" onClick={() => goTo(finding)}>
                    {finding.message}
                  </button>
                  {finding.fix ? <p className="muted small">{finding.fix}</p> : null}
                  {isLocked ? null : (
                    <p className="lint-ways">
                      {finding.fixes?.map((fix) => (
                        <button
                          key={fix.title}
                          type="button"
                          className="btn btn-sm"
                          onClick={() => mend(fix)}
                        >
                          <Icon name="wrench" size={14} />
                          {fix.title}
                        </button>
                      ))}
                      {finding.severity === "warning" ? (
                        <button
                          type="button"
                          className="btn btn-sm btn-ghost"
                          title="Not shown to you any more"
                          onClick={() => hide(finding)}
                        >
                          Ignore
                        </button>
                      ) : null}
                    </p>
                  )}
                </div>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {hidden > 0 ? (
        <button type="button" className="btn btn-sm btn-ghost" onClick={showHidden}>
          Show what you ignored
        </button>
      ) : null}
    </div>
  );
}
