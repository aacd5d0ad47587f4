/** Shortcuts of one key, or of two in a row. Pure: the time comes from the caller. */

/** The first key of a sequence, and when it was pressed. */
export interface Pressed {
  key: string;
  at: number;
}

/** What a key means: `keys` is the shortcut that is complete, `pending` the beginning of a longer one. */
export interface Meaning {
  keys?: string;
  pending?: Pressed;
}

export const PATIENCE_MS = 1_200;

/** What `key` means after `before`, among the `known` shortcuts. A sequence that goes nowhere begins anew. */
export function follow(
  before: Pressed | undefined,
  key: string,
  at: number,
  known: readonly string[],
): Meaning {
  const pressed = key.length === 1 ? key.toLowerCase() : key;
  if (before && at - before.at <= PATIENCE_MS) {
    const both = `${before.key} ${pressed}`;
    if (known.includes(both)) return { keys: both };
  }
  if (known.includes(pressed)) return { keys: pressed };
  if (known.some((each) => each.startsWith(`${pressed} `))) return { pending: { key: pressed, at } };
  return {};
}
