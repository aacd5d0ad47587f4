/** Keys that are pressed together, by the names commands use. Pure. */

export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/**
 * The names a press may be meant by, the surest first: "mod+shift+z", "?", "shift+1". A sign that needs Shift on this
 * keyboard is called by itself; digits are known by their place, and so are letters of other scripts.
 */
export function namesOf(press: Press, isMac: boolean): string[] {
  const isMod = isMac ? press.metaKey : press.ctrlKey;
  if (isMac ? press.ctrlKey : press.metaKey) return [];
  const held = `${isMod ? "mod+" : ""}${press.altKey ? "alt+" : ""}`;
  const shift = press.shiftKey ? "shift+" : "";
  const isSign = press.key.length === 1 && !/[\p{L}\p{N}]/u.test(press.key);
  const key = press.key === " " ? "Space" : press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const names = [held + (isSign && press.key !== " " ? "" : shift) + key];
  const digit = /^Digit(\d)$/.exec(press.code)?.[1];
  if (digit !== undefined) names.push(held + shift + digit);
  const letter = /^Key([A-Z])$/.exec(press.code)?.[1]?.toLowerCase();
  if (letter !== undefined && /[^a-z]/i.test(press.key)) names.push(held + shift + letter);
  return [...new Set(names)];
}

/** Keys that mean something of their own wherever the focus is: they are commands on the canvas only. */
const LOCAL = /^(?:shift\+)?(?:Tab|Enter|Escape|Space|Delete|Backspace|Home|End|PageUp|PageDown|Arrow\w+)$/;

export const isLocal = (name: string): boolean => LOCAL.test(name);
