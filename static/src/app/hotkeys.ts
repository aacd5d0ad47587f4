const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

/** `data-hotkey="a"`: the key clicks the element, unless it is hidden, somebody is typing, a dialog is open or a modifier is held. */
export function startHotkeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isTyping(event.target) || document.querySelector("dialog[open], details.menu[open]")) return;
    for (const element of document.querySelectorAll<HTMLElement>("[data-hotkey]")) {
      if (element.dataset.hotkey !== event.key.toLowerCase() || !element.checkVisibility()) continue;
      event.preventDefault();
      element.click();
      return;
    }
  });
}
