/** Filters submit when they change; a box with `data-checks` ticks all boxes of that name in its table; a button that was pressed shows that it works and cannot be pressed twice. */
export function startForms(): void {
  document.addEventListener("change", (event) => {
    if (event.target instanceof Element && !event.target.matches("[type=search]"))
      event.target.closest<HTMLFormElement>("form[data-submit-on-change]")?.requestSubmit();
  });
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.dataset.checks === undefined) return;
    const boxes =
      target.closest("table")?.querySelectorAll<HTMLInputElement>("tbody input[type=checkbox]") ?? [];
    for (const box of boxes) if (box.name === target.dataset.checks) box.checked = target.checked;
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
    if (form.hasAttribute("hx-post") || event.submitter?.hasAttribute("data-downloads")) return;
    if (form.dataset.sent !== undefined) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // Coming back with the browser's button shows the page as it was: let the form be sent again.
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]"))
      delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  });
}
