import { type RefObject, useEffect, useState, useSyncExternalStore } from "react";

/** Rows beyond the edges of what is seen that are drawn as well. */
const BEYOND = 12;

/**
 * The first and the last of `count` rows of one height that must be drawn, given how far `scroller` has been scrolled.
 * `above`: pixels of other things before the first row.
 */
export function useWindowed(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  height: number,
  above = 0,
): [number, number] {
  const [seen, setSeen] = useState<[number, number]>([0, 40]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = (): void => {
      const first = Math.max(0, Math.floor((element.scrollTop - above) / height) - BEYOND);
      const last = Math.ceil((element.scrollTop - above + element.clientHeight) / height) + BEYOND;
      // In steps, so that not every pixel draws anew.
      const next: [number, number] = [first - (first % 8), last + (8 - (last % 8))];
      setSeen((old) => (old[0] === next[0] && old[1] === next[1] ? old : next));
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      observer.disconnect();
    };
  }, [scroller, height, above]);
  return [Math.min(seen[0], count), Math.min(seen[1], count - 1)];
}

const phone = typeof matchMedia === "function" ? matchMedia("(max-width: 899px)") : null;

/** Whether the page stands in one column, where rows are as high as a finger needs. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      phone?.addEventListener("change", changed);
      return () => phone?.removeEventListener("change", changed);
    },
    () => phone?.matches ?? false,
  );
}
