import type { Point } from "./layout.ts";

/**
 * Orthogonal ways between ports that go around cards. A way has one bend pair where that is free, else it takes a
 * lane above or below what stands between. Ways that share neither end do not lie on one another.
 */

export interface Rect {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Wish {
  id: string;
  from: string;
  to: string;
  source: Point;
  target: Point;
  /** Ways with one trunk may overlap: same port left, or same card reached. */
  trunk: string;
}

const CLEARANCE = 10;
const STUB = 18;
const APART = 10;

interface Vertical {
  x: number;
  top: number;
  bottom: number;
  trunk: string;
  to: string;
}

/** Ways for all wishes. `taken`: what other ways already have. */
export function routeAll(
  wishes: readonly Wish[],
  rects: readonly Rect[],
  taken: Vertical[] = [],
): Record<string, Point[]> {
  const ways: Record<string, Point[]> = {};
  // Short ways first: they have the least choice.
  const sorted = [...wishes].sort(
    (a, b) =>
      Math.abs(a.target.x - a.source.x) - Math.abs(b.target.x - b.source.x) || a.source.y - b.source.y,
  );
  for (const wish of sorted) {
    const way = route(wish, rects, taken);
    ways[wish.id] = way;
    taken.push(...verticals(wish, way));
  }
  return ways;
}

/**
 * Routes again and again as things move: a way stays as it is, the same object, unless an end of it moved or something
 * came to stand on it or went from where it might have gone.
 */
export class Router {
  private wishes = new Map<string, Wish>();
  private rects = new Map<string, Rect>();
  private ways: Record<string, Point[]> = {};

  route(wishes: readonly Wish[], rects: readonly Rect[]): Record<string, Point[]> {
    const moved: Rect[] = [];
    const now = new Map(rects.map((rect) => [rect.id, rect]));
    for (const rect of rects) {
      const before = this.rects.get(rect.id);
      if (before && isSameRect(before, rect)) continue;
      moved.push(rect);
      if (before) moved.push(before);
    }
    for (const [id, before] of this.rects) if (!now.has(id)) moved.push(before);
    const isMuch = moved.length > rects.length;
    const kept: Record<string, Point[]> = {};
    const open: Wish[] = [];
    for (const wish of wishes) {
      const before = this.wishes.get(wish.id);
      const way = this.ways[wish.id];
      if (!isMuch && before && way && isSameWish(before, wish) && !isNear(way, moved)) kept[wish.id] = way;
      else open.push(wish);
    }
    this.wishes = new Map(wishes.map((wish) => [wish.id, wish]));
    this.rects = now;
    this.ways = open.length === 0 ? kept : { ...kept, ...routeAll(open, rects, verticalsOf(wishes, kept)) };
    return this.ways;
  }
}

const isSameRect = (a: Rect, b: Rect): boolean =>
  a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

const isSameWish = (a: Wish, b: Wish): boolean =>
  a.source.x === b.source.x &&
  a.source.y === b.source.y &&
  a.target.x === b.target.x &&
  a.target.y === b.target.y;

/** Whether any of these stands, or stood, where the way passes or could pass. */
function isNear(way: readonly Point[], rects: readonly Rect[]): boolean {
  if (rects.length === 0) return false;
  const left = Math.min(...way.map(({ x }) => x)) - CLEARANCE;
  const right = Math.max(...way.map(({ x }) => x)) + CLEARANCE;
  const top = Math.min(...way.map(({ y }) => y)) - CLEARANCE;
  const bottom = Math.max(...way.map(({ y }) => y)) + CLEARANCE;
  return rects.some(
    ({ x, y, width, height }) => x < right && x + width > left && y < bottom && y + height > top,
  );
}

function verticalsOf(wishes: readonly Wish[], ways: Readonly<Record<string, Point[]>>): Vertical[] {
  return wishes.flatMap((wish) => verticals(wish, ways[wish.id] ?? []));
}

function verticals({ trunk, to }: Wish, way: readonly Point[]): Vertical[] {
  return way.flatMap((two, index) => {
    const one = way[index - 1];
    if (!one || one.x !== two.x || one.y === two.y) return [];
    return [{ x: one.x, top: Math.min(one.y, two.y), bottom: Math.max(one.y, two.y), trunk, to }];
  });
}

/** A way that is good enough while something is dragged: it goes around nothing. */
export function plainWay(source: Point, target: Point): Point[] {
  const span = target.x - source.x;
  if (Math.abs(source.y - target.y) < 1 && span > 0) return [source, target];
  if (span >= STUB * 2) {
    const x = source.x + span / 2;
    return [source, { x, y: source.y }, { x, y: target.y }, target];
  }
  const [near, far, y] = [source.x + STUB, target.x - STUB, (source.y + target.y) / 2];
  return [source, { x: near, y: source.y }, { x: near, y }, { x: far, y }, { x: far, y: target.y }, target];
}

function route(wish: Wish, rects: readonly Rect[], taken: readonly Vertical[]): Point[] {
  const { source, target } = wish;
  const span = target.x - source.x;
  if (span >= STUB * 2 - 8 || (span > 0 && Math.abs(source.y - target.y) < 1)) {
    if (Math.abs(source.y - target.y) < 1 && isFree([source, target], wish, rects)) return [source, target];
    for (const x of columnsBetween(wish, rects)) {
      for (const nudge of [0, -APART, APART, -2 * APART, 2 * APART]) {
        const way = [source, { x: x + nudge, y: source.y }, { x: x + nudge, y: target.y }, target];
        if (x + nudge < source.x + 8 || x + nudge > target.x - 12) continue;
        if (isFree(way, wish, rects) && !isTaken(x + nudge, source.y, target.y, wish, taken)) return way;
      }
    }
  }
  const near = source.x + STUB;
  const far = target.x - STUB;
  for (const lane of lanes(wish, rects))
    for (const nudge of [0, APART / 2, -APART / 2, APART]) {
      const way = [
        source,
        { x: near + nudge, y: source.y },
        { x: near + nudge, y: lane },
        { x: far + nudge, y: lane },
        { x: far + nudge, y: target.y },
        target,
      ];
      if (
        isFree(way, wish, rects) &&
        !isTaken(near + nudge, source.y, lane, wish, taken) &&
        !isTaken(far + nudge, lane, target.y, wish, taken)
      )
        return way;
    }
  const middle = span > 0 ? source.x + span / 2 : near;
  return [source, { x: middle, y: source.y }, { x: middle, y: target.y }, target];
}

/** Where the one vertical part may stand: after the source, before the target, then in the gaps between. */
function columnsBetween({ source, target }: Wish, rects: readonly Rect[]): number[] {
  const gap = target.x - source.x;
  if (gap < 120) return [Math.round(source.x + gap / 2)];
  const after = source.x + STUB;
  const before = target.x - STUB - 2;
  const between = rects
    .filter(({ x }) => x > after && x < before)
    .map(({ x }) => x - STUB - 2)
    .sort((a, b) => b - a);
  return [before, after, ...new Set(between)];
}

/** Heights of free lanes, nearest to the straight line first. */
function lanes({ source, target }: Wish, rects: readonly Rect[]): number[] {
  const left = Math.min(source.x, target.x) - STUB;
  const right = Math.max(source.x, target.x) + STUB;
  const ideal = (source.y + target.y) / 2;
  return rects
    .filter(({ x, width }) => x + width > left && x < right)
    .flatMap(({ y, height }) => [y - CLEARANCE - 8, y + height + CLEARANCE + 8])
    .sort((a, b) => Math.abs(a - ideal) - Math.abs(b - ideal));
}

function isFree(way: readonly Point[], wish: Wish, rects: readonly Rect[]): boolean {
  for (let index = 1; index < way.length; index++) {
    const one = way[index - 1];
    const two = way[index];
    if (!one || !two) continue;
    const left = Math.min(one.x, two.x);
    const right = Math.max(one.x, two.x);
    const top = Math.min(one.y, two.y);
    const bottom = Math.max(one.y, two.y);
    for (const rect of rects) {
      const isEnd = rect.id === wish.from || rect.id === wish.to;
      const margin = isEnd ? -1 : CLEARANCE;
      if (
        right > rect.x - margin &&
        left < rect.x + rect.width + margin &&
        bottom > rect.y - margin &&
        top < rect.y + rect.height + margin
      )
        return false;
    }
  }
  return true;
}

function isTaken(x: number, y1: number, y2: number, wish: Wish, taken: readonly Vertical[]): boolean {
  const top = Math.min(y1, y2);
  const bottom = Math.max(y1, y2);
  return taken.some(
    (other) =>
      Math.abs(other.x - x) < APART - 1 &&
      other.bottom > top &&
      other.top < bottom &&
      other.trunk !== wish.trunk &&
      other.to !== wish.to,
  );
}

/** The middle of the longest straight piece of a way, and how much room words have there: upright pieces leave all. */
export function middleOf(points: readonly Point[]): Point & { room: number } {
  const start = points[0] ?? { x: 0, y: 0 };
  let [one, two] = [start, start];
  points.forEach((point, index) => {
    const before = points[index - 1];
    if (before && distance(before, point) > distance(one, two)) [one, two] = [before, point];
  });
  const room = one.y === two.y ? Math.abs(one.x - two.x) : Number.POSITIVE_INFINITY;
  return { x: (one.x + two.x) / 2, y: (one.y + two.y) / 2, room };
}

/** An SVG path through the points with rounded corners. */
export function roundedPath(points: readonly Point[], radius = 10): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x} ${first.y}`;
  rest.forEach((point, index) => {
    const before = points[index];
    const after = rest[index + 1];
    if (!before || !after) {
      path += `L${point.x} ${point.y}`;
      return;
    }
    const size = Math.min(radius, distance(before, point) / 2, distance(point, after) / 2);
    const start = towards(point, before, size);
    const end = towards(point, after, size);
    path += `L${start.x} ${start.y}Q${point.x} ${point.y} ${end.x} ${end.y}`;
  });
  return path;
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to);
  return length === 0
    ? from
    : { x: from.x + ((to.x - from.x) / length) * by, y: from.y + ((to.y - from.y) / length) * by };
}
