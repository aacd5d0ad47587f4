/** How high the panel stands, and whether it is folded; the browser remembers. */

import { create } from "zustand";

const KEY = "agentflow.panel";
export const LEAST = 160;
/** What stays of the canvas above it, in pixels. */
const ABOVE = 160;

interface Dock {
  height: number;
  isFolded: boolean;
  setHeight: (height: number) => void;
  fold: (isFolded: boolean) => void;
}

function kept(): Pick<Dock, "height" | "isFolded"> {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Dock>;
    return {
      height: typeof found.height === "number" ? within(found.height) : 400,
      isFolded: found.isFolded === true,
    };
  } catch {
    return { height: 400, isFolded: false };
  }
}

const within = (height: number): number =>
  Math.round(Math.min(Math.max(height, LEAST), Math.max(LEAST, innerHeight - ABOVE)));

export const useDock = create<Dock>()((set, get) => {
  const keep = (): void => {
    const { height, isFolded } = get();
    try {
      localStorage.setItem(KEY, JSON.stringify({ height, isFolded }));
    } catch {
      // Without storage it lasts as long as the page.
    }
  };
  return {
    ...kept(),
    setHeight: (height) => {
      set({ height: within(height), isFolded: false });
      keep();
    },
    fold: (isFolded) => {
      set({ isFolded });
      keep();
    },
  };
});
