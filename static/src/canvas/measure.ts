/** Sizes of node cards. Positions depend on them, so they are computed before anything is drawn. */

export const HEADER = 48;
export const PORT_ROW = 22;
const FOOT = 5;
const MIN_WIDTH = 132;
const MAX_WIDTH = 176;
/** A name may widen the card further than a second line may. */
const MAX_WIDTH_FOR_NAME = 260;
const STEP = 8;
/** Border, padding, tile, gap and padding: what stands beside the text. */
const AROUND_TEXT = 1 + 8 + 28 + 10 + 14 + 1;

export type Measure = (text: string, font: string) => number;

const NAME_FONT = '600 13px "Inter Variable", Inter, system-ui, sans-serif';
const LINE_FONT = '400 12px "Inter Variable", Inter, system-ui, sans-serif';

let measuring: Measure | undefined;

/** Measures with a 2D canvas; call once the fonts are there. */
export function canvasMeasure(): Measure {
  if (measuring) return measuring;
  const context = document.createElement("canvas").getContext("2d");
  if (!context) throw new Error("This browser gives no 2D canvas to measure text with.");
  measuring = (text, font) => {
    context.font = font;
    return context.measureText(text).width;
  };
  return measuring;
}

export function cardWidth(name: string, line: string, ports: readonly string[], measure: Measure): number {
  const forName = Math.min(measure(name, NAME_FONT) + AROUND_TEXT, MAX_WIDTH_FOR_NAME);
  const forLine = Math.min(measure(line, LINE_FONT) + AROUND_TEXT + 6, MAX_WIDTH);
  const forPorts = ports.length > 1 ? Math.max(...ports.map((port) => measure(port, LINE_FONT))) + 30 : 0;
  const wanted = Math.max(MIN_WIDTH, forName, forLine, Math.min(forPorts, MAX_WIDTH));
  return MIN_WIDTH + Math.ceil((wanted - MIN_WIDTH) / STEP) * STEP;
}

/** Beside the words of a container's head: tile and gaps, the button that closes it, and in a run the iteration's picker. */
const AROUND_HEAD = AROUND_TEXT + 36 + 148;
const MAX_HEAD = 300;
/** Room for the counts of a container's iterations. */
const MIN_CONTAINER = 332;

/** How wide a container must be at least: as wide at rest as in a run, so that nothing moves when one begins. */
export function containerWidth(name: string, line: string, measure: Measure): number {
  const words = Math.min(Math.max(measure(name, NAME_FONT), measure(line, LINE_FONT)), MAX_HEAD);
  return Math.max(MIN_CONTAINER, Math.ceil((words + AROUND_HEAD) / STEP) * STEP);
}

export function cardHeight(ports: readonly string[]): number {
  return ports.length > 1 ? HEADER + ports.length * PORT_ROW + FOOT : HEADER;
}

/** Distance of an outcome's port from the card's top. */
export function portOffset(ports: readonly string[], port: string): number {
  if (ports.length <= 1) return HEADER / 2;
  return HEADER + PORT_ROW / 2 + Math.max(0, ports.indexOf(port)) * PORT_ROW;
}

/** The way in stands at the middle of the header. */
export const INPUT_OFFSET = HEADER / 2;
