/** How well a few letters fit a text. Pure. */

const PIECE = 200;
const START = 40;
const WORD = 20;
const RUN = 12;
const HIT = 4;

const isBoundary = (text: string, at: number): boolean =>
  at === 0 || /[^\p{L}\p{N}]/u.test(text[at - 1] ?? "");

/**
 * A number above zero, the greater the better, when `query` is found in `text`: its letters in their order, spaces left
 * out. The beginnings of texts and of words come first, then initials, then pieces; of equals the shorter text. Zero when it is not found, one for an empty query.
 */
export function closeness(query: string, text: string): number {
  const wanted = query.toLowerCase().replace(/\s+/g, " ").trim();
  const given = text.toLowerCase();
  if (!wanted) return 1;
  const whole = given.indexOf(wanted);
  if (whole >= 0) {
    let best = whole;
    for (let at = whole; at >= 0; at = given.indexOf(wanted, at + 1)) {
      if (!isBoundary(given, at)) continue;
      best = at;
      break;
    }
    const bonus = best === 0 ? PIECE + START : isBoundary(given, best) ? PIECE : 0;
    return Math.max(1, bonus + RUN * wanted.length + HIT - Math.min(given.length, 100) / 4);
  }
  let score = 0;
  let at = -1;
  const letters = wanted.replaceAll(" ", "");
  for (const [index, letter] of [...letters].entries()) {
    // The beginning of a word is preferred to the next place, as long as the rest can still be found.
    let next = given.indexOf(letter, at + 1);
    if (next < 0) return 0;
    if (next !== at + 1) {
      const rest = [...letters].slice(index + 1);
      for (let place = next; place >= 0; place = given.indexOf(letter, place + 1))
        if (isBoundary(given, place) && contains(given.slice(place + 1), rest)) {
          next = place;
          break;
        }
    }
    score += HIT + (next === at + 1 ? RUN : 0) + (isBoundary(given, next) ? WORD : 0);
    at = next;
  }
  return Math.max(1, score - Math.min(given.length, 100) / 4);
}

function contains(text: string, letters: string[]): boolean {
  let at = -1;
  for (const letter of letters) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}
