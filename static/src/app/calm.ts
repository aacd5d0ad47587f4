interface SwapDetail {
  target: Element;
  shouldSwap: boolean;
}

/** `data-calm`: a live part is not replaced while the pointer or the focus is in it, or something in it is ticked; with
 * the value `ticked` for the last reason alone. The next round brings what is new. */
export function startCalm(): void {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = (event as CustomEvent<SwapDetail>).detail;
    if (!detail.target.matches("[data-calm]")) return;
    const reasons =
      detail.target.getAttribute("data-calm") === "ticked"
        ? ":has(input:checked)"
        : ":hover, :focus-within, :has(input:checked)";
    if (detail.target.matches(reasons)) detail.shouldSwap = false;
  });
}
