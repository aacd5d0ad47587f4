interface SwapDetail {
  target: Element;
  shouldSwap: boolean;
}

/** `data-calm`: a live part is not replaced while the pointer or the focus is in it, or something in it is ticked. The
 * next round brings what is new. */
export function startCalm(): void {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = (event as CustomEvent<SwapDetail>).detail;
    if (!detail.target.matches("[data-calm]")) return;
    if (detail.target.matches(":hover, :focus-within, :has(input:checked)")) detail.shouldSwap = false;
  });
}
