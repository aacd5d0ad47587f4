/** Where moments stand on the timeline. Pure: times in milliseconds, places in pixels. */

export interface Span {
  from: number;
  to: number;
}

export interface Stretch extends Span {
  left: number;
  width: number;
  isFolded: boolean;
}

export interface Tick {
  at: number;
  x: number;
  label: string;
}

export interface Scale {
  stretches: Stretch[];
  ticks: Tick[];
  width: number;
  /** The pixel of a moment; moments outside are held at the ends. */
  x: (at: number) => number;
}

const FOLD_WIDTH = 150;
const TICK_APART = 52;
const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1800e3,
  3600e3, 7200e3, 21_600e3, 43_200e3, 86_400e3, 172_800e3, 604_800e3,
];

/**
 * Divides `whole` into stretches that are drawn to scale and quiet ones that are folded to a fixed width.
 * `busy`: when something ran. A quiet stretch is folded when it would push the rest together.
 */
export function buildScale(whole: Span, busy: readonly Span[], width: number, isFolding: boolean): Scale {
  const to = Math.max(whole.to, whole.from + 1);
  const pieces = isFolding
    ? fold({ from: whole.from, to }, busy)
    : [{ from: whole.from, to, isFolded: false }];
  const folded = pieces.filter((piece) => piece.isFolded).length;
  const foldWidth = folded === 0 ? 0 : Math.min(FOLD_WIDTH, (width * 0.5) / folded);
  const open = pieces.filter((piece) => !piece.isFolded);
  // By the root of their lengths: a short stretch before a fold stays readable beside a long one after it.
  const weigh = (piece: Span): number => Math.sqrt(piece.to - piece.from);
  const length = open.reduce((sum, piece) => sum + weigh(piece), 0) || 1;
  const room = Math.max(1, width - folded * foldWidth);
  // No open stretch is so short that its first label has no room.
  const least = Math.min(48, room / Math.max(1, open.length));
  const free = Math.max(0, room - least * open.length);
  let left = 0;
  const stretches = pieces.map((piece): Stretch => {
    const share = weigh(piece) / length;
    const size = piece.isFolded ? foldWidth : least + free * share;
    const stretch = { ...piece, left, width: size };
    left += size;
    return stretch;
  });
  const x = (at: number): number => {
    for (const stretch of stretches)
      if (at <= stretch.to || stretch === stretches.at(-1)) {
        const share = (at - stretch.from) / Math.max(1, stretch.to - stretch.from);
        return stretch.left + Math.min(1, Math.max(0, share)) * stretch.width;
      }
    return 0;
  };
  return { stretches, ticks: ticksOf(stretches, whole.from, x), width, x };
}

function fold(whole: Span, busy: readonly Span[]): (Span & { isFolded: boolean })[] {
  const spans = merge(
    busy.map(({ from, to }) => ({ from: Math.max(from, whole.from), to: Math.min(to, whole.to) })),
  );
  const worked = spans.reduce((sum, span) => sum + span.to - span.from, 0);
  const least = Math.max(3000, worked * 0.6);
  const pieces: (Span & { isFolded: boolean })[] = [];
  let from = whole.from;
  const quiet = (start: number, end: number): void => {
    if (end - start < least) return;
    // A little of the quiet stays open on either side, so that bars do not touch the fold.
    const margin = Math.min((end - start) / 4, Math.max(20, worked * 0.04));
    const isAtEnd = end >= whole.to;
    pieces.push({ from, to: start + margin, isFolded: false });
    pieces.push({ from: start + margin, to: isAtEnd ? end : end - margin, isFolded: true });
    from = isAtEnd ? end : end - margin;
  };
  let last = whole.from;
  for (const span of spans) {
    quiet(last, span.from);
    last = Math.max(last, span.to);
  }
  quiet(last, whole.to);
  if (from < whole.to || pieces.length === 0) pieces.push({ from, to: whole.to, isFolded: false });
  return pieces;
}

/** Overlapping spans as one, in order. */
export function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].filter(({ from, to }) => to >= from).sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else merged.push({ ...span });
  }
  return merged;
}

function ticksOf(stretches: readonly Stretch[], start: number, x: (at: number) => number): Tick[] {
  const ticks: Tick[] = [];
  for (const [index, stretch] of stretches.entries()) {
    if (stretch.isFolded) continue;
    const perPixel = (stretch.to - stretch.from) / Math.max(1, stretch.width);
    const step = STEPS.find((size) => size / perPixel >= TICK_APART) ?? STEPS.at(-1) ?? 1;
    const isFirst = index === 0;
    const zero = isFirst ? start : stretch.from;
    for (let at = zero; at <= stretch.to; at += step) {
      const label =
        at === zero
          ? isFirst
            ? "0 s"
            : clockLength(zero - start)
          : `${isFirst ? "" : "+"}${short(at - zero)}`;
      ticks.push({ at, x: x(at), label });
    }
  }
  return ticks;
}

/** A length as a clock shows it: "9 s", "14:37", "2:03:00". */
export function clockLength(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const pad = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${hours ? pad(Math.floor(seconds / 60) % 60) : Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function short(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 3_600_000) return `${Number((ms / 60_000).toFixed(1))} min`;
  if (ms < 86_400_000) return `${Number((ms / 3_600_000).toFixed(1))} h`;
  return `${Number((ms / 86_400_000).toFixed(1))} d`;
}
