/**
 * `data-fill="field id"` with `data-value`: a click writes the value into the field, with `data-appends` after a comma.
 * A dialog with `data-opens-when-filled` opens when something is swapped into it.
 */
export function startFilling(): void {
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest<HTMLElement>("[data-fill]");
    if (!button) return;
    const field = document.getElementById(button.dataset.fill ?? "");
    if (!(field instanceof HTMLInputElement)) return;
    const value = button.dataset.value ?? "";
    field.value = button.dataset.appends === undefined ? value : appended(field.value, value);
    field.focus();
  });
  document.addEventListener("htmx:afterSwap", ({ target }) => {
    const dialog = target instanceof Element && target.closest("dialog[data-opens-when-filled]");
    if (!(dialog instanceof HTMLDialogElement)) return;
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.removeAttribute("open");
    if (!dialog.open) dialog.showModal();
    dialog.querySelector<HTMLElement>("input:not([type=hidden]), select")?.focus();
  });
}

/** A list with commas and one more in it, unless it is there. Pure. */
export function appended(list: string, value: string): string {
  const parts = list.split(",").map((part) => part.trim());
  return [...new Set([...parts, value])].filter((part) => part !== "").join(", ");
}
