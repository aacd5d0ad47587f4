/** What hangs below an agent: its model, its tools, its memories. Places and lines follow from the agent's card. Pure. */

import type { Family } from "./family.ts";
import type { Point } from "./layout.ts";
import type { NodeDocument } from "./types.ts";

/** What hangs on agents, in the order it hangs there. */
export const ATTACHMENTS = ["TOOL", "MEMORY"] as const;
export type Attachment = (typeof ATTACHMENTS)[number];

export const AGENT = "AI_AGENT";
export const CHIP = { width: 120, height: 40 } as const;

/** Whether it hangs on an agent instead of being led to. */
export const isAttachment = ({ type }: Pick<NodeDocument, "type">): boolean =>
  (ATTACHMENTS as readonly string[]).includes(type);

/** One place to hang something. */
export interface Slot {
  kind: "MODEL" | Attachment;
  /** Where its line leaves the card, from the card's left rim. */
  x: number;
}

export interface Dock {
  slots: readonly Slot[];
  /** What hangs there, by node; their top left corners, from the card's own. */
  places: Readonly<Record<string, Point>>;
  /** The model's own. */
  model: Point;
  /** Where the first of its kind would hang. */
  open: readonly { kind: Attachment; at: Point }[];
  /** What hangs on another agent already, and is drawn there. */
  elsewhere: readonly { id: string; kind: Attachment; at: Point }[];
  /** The lines from the card to what hangs there, from the card's corner. */
  lines: readonly { kind: Slot["kind"]; points: readonly Point[] }[];
  /** How far it all reaches beyond the card. */
  beyond: Beyond;
}

export interface Beyond {
  left: number;
  right: number;
  bottom: number;
}

export const NOTHING_BEYOND: Beyond = { left: 0, right: 0, bottom: 0 };

interface Hanging {
  id: string;
  kind: Attachment;
  isElsewhere?: boolean;
}

const GAP = 8;
/** From the card to what hangs there: lines run in it at two heights, so that none crosses another. */
const DROP = 40;
const OUTER = 12;
const INNER = 22;
/** Tools hang in so many columns, whatever their number. */
const MOST_COLUMNS = 2;
const SLOTS: readonly Slot["kind"][] = ["MODEL", ...ATTACHMENTS];
const SHARES = { MODEL: 0.22, TOOL: 0.5, MEMORY: 0.78 } as const;

/** Where everything hangs below a card of this size. */
export function dockBelow(
  { width, height }: { width: number; height: number },
  hanging: readonly Hanging[],
): Dock {
  const columns = SLOTS.flatMap((kind) => columnsOf(kind, hanging));
  const span = columns.length * (CHIP.width + GAP) - GAP;
  const left = Math.round((width - span) / 2);
  const slots = SLOTS.map((kind): Slot => ({ kind, x: Math.round(width * SHARES[kind]) }));
  const dock = {
    slots,
    places: {} as Record<string, Point>,
    model: { x: 0, y: 0 },
    open: [] as { kind: Attachment; at: Point }[],
    elsewhere: [] as { id: string; kind: Attachment; at: Point }[],
    lines: [] as { kind: Slot["kind"]; points: Point[] }[],
  };
  for (const [index, { kind, members }] of columns.entries()) {
    const x = left + index * (CHIP.width + GAP);
    const middle = x + CHIP.width / 2;
    const from = slots.find((slot) => slot.kind === kind)?.x ?? middle;
    const turn = height + (kind === "TOOL" ? INNER : OUTER);
    const top = height + DROP;
    dock.lines.push({ kind, points: lineOf(from, height, turn, middle, top) });
    if (kind === "MODEL") dock.model = { x, y: top };
    else if (members.length === 0) dock.open.push({ kind, at: { x, y: top } });
    for (const [row, { id, isElsewhere }] of members.entries()) {
      const at = { x, y: top + row * (CHIP.height + GAP) };
      if (row > 0)
        dock.lines.push({
          kind,
          points: [
            { x: middle, y: at.y - GAP },
            { x: middle, y: at.y },
          ],
        });
      if (isElsewhere) dock.elsewhere.push({ id, kind: kind as Attachment, at });
      else dock.places[id] = at;
    }
  }
  const rows = Math.max(1, ...columns.map(({ members }) => members.length));
  const beyond = {
    left: Math.max(0, -left),
    right: Math.max(0, left + span - width),
    bottom: DROP + rows * (CHIP.height + GAP) - GAP,
  };
  return { ...dock, beyond };
}

interface Column {
  kind: Slot["kind"];
  members: Hanging[];
}

function columnsOf(kind: Slot["kind"], hanging: readonly Hanging[]): Column[] {
  const members = hanging.filter((one) => one.kind === kind);
  const count = kind === "TOOL" ? Math.min(MOST_COLUMNS, Math.max(1, members.length)) : 1;
  return Array.from({ length: count }, (_, column) => ({
    kind,
    members: members.filter((_one, index) => index % count === column),
  }));
}

const lineOf = (from: number, top: number, turn: number, to: number, bottom: number): Point[] =>
  from === to
    ? [
        { x: from, y: top },
        { x: to, y: bottom },
      ]
    : [
        { x: from, y: top },
        { x: from, y: turn },
        { x: to, y: turn },
        { x: to, y: bottom },
      ];

/** What hangs on an agent, in its own order, tools first; what is not there, or of another type, hangs nowhere. */
export function hangingOn(
  agent: NodeDocument,
  family: Family,
  nodeOf: (id: string) => NodeDocument | undefined,
): Hanging[] {
  return [...new Set(agent.attached ?? [])].flatMap((id): Hanging[] => {
    const node = nodeOf(id);
    if (!node || !isAttachment(node)) return [];
    return [{ id, kind: node.type as Attachment, isElsewhere: family.agentOf.get(id) !== agent.id }];
  });
}

/** The agent on which something would hang that is let go at this point of the canvas; null: on none. */
export function agentAt(
  { x, y }: Point,
  cards: Readonly<Record<string, { width: number; height: number; dock?: Dock | null }>>,
  places: Readonly<Record<string, Point>>,
): string | null {
  for (const [id, { width, height, dock }] of Object.entries(cards)) {
    const at = places[id];
    if (!dock || !at) continue;
    const isOnCard = x >= at.x && x <= at.x + width && y >= at.y;
    const isBelow =
      x >= at.x - dock.beyond.left && x <= at.x + width + dock.beyond.right && y >= at.y + height;
    if ((isOnCard || isBelow) && y <= at.y + height + dock.beyond.bottom) return id;
  }
  return null;
}

/** What hangs at this point, counted from the corner of the card. */
export function hangingAt({ places }: Dock, { x, y }: Point): string | null {
  for (const [id, at] of Object.entries(places))
    if (x >= at.x && x <= at.x + CHIP.width && y >= at.y && y <= at.y + CHIP.height) return id;
  return null;
}
