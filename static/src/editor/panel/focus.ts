/** Ways into the open panel for those who came by keyboard, or were sent to what is wrong. */

const FIELDS = "input:not([type=hidden]), select, textarea, .cm-content";
const LOADING = ".expression-text:not(:has(.cm-content))";
const FIRST = `${FIELDS}, ${LOADING}`;

/** Puts the focus on the first field of the panel, once it is drawn. */
export function focusPanel(): void {
  whenDrawn(() => document.querySelector<HTMLElement>(".node-panel-form .form-item"));
}

/** Puts the focus on the field at this path ("params.url"), or on the nearest one around it. */
export function focusField(path: string): void {
  whenDrawn(() => {
    for (let at = path; at; at = at.replace(/(?:\.[^.[\]]*|\[\d+\]|^[^.[]*)$/, "")) {
      const found = document.querySelector<HTMLElement>(`.node-panel [data-path="${CSS.escape(at)}"]`);
      if (found) return found;
    }
    return null;
  });
}

/** Fields come with the panel, their editors a moment later. */
export function whenDrawn(find: () => HTMLElement | null, tries = 120): void {
  requestAnimationFrame(() => {
    const place = find();
    const isLoading = place?.querySelector(FIRST)?.matches(LOADING) ?? false;
    const field = place?.querySelector<HTMLElement>(FIELDS);
    if (field && !isLoading) {
      place?.scrollIntoView({ block: "nearest" });
      field.focus();
    } else if (tries > 0) setTimeout(() => whenDrawn(find, tries - 1), 50);
  });
}
