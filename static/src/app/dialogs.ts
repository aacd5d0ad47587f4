/** `commandfor` and `command` for browsers that lack them, and a click beside a dialog closes it. */
export function startDialogs(): void {
  const isNative = "commandForElement" in HTMLButtonElement.prototype;
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target instanceof HTMLDialogElement) {
      const box = event.target.getBoundingClientRect();
      const isInside =
        event.clientX >= box.left &&
        event.clientX <= box.right &&
        event.clientY >= box.top &&
        event.clientY <= box.bottom;
      if (!isInside) event.target.close();
      return;
    }
    if (isNative) return;
    const button = event.target.closest("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor") ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    if (button?.getAttribute("command") === "show-modal") dialog.showModal();
    else dialog.close();
  });
}
