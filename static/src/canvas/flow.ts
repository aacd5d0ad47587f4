/** What the canvas draws, as the drawing library wants it. */

import { useMemo, useRef } from "react";
import { useShallow } from "zustand/react/shallow";
import { sentence } from "./carrying.ts";
import { type Beyond, isAttachment } from "./docking.ts";
import { ancestorsOf, outsideIn } from "./family.ts";
import type { Point } from "./layout.ts";
import { INPUT_OFFSET, portOffset } from "./measure.ts";
import type { CardNode } from "./NodeCard.tsx";
import { type Rect, Router, type Wish } from "./routing.ts";
import type { EdgeState } from "./states.ts";
import { useCanvas } from "./store.ts";
import { plain } from "./summarize.ts";
import type { ConnectionDocument } from "./types.ts";
import { wayState } from "./views.ts";
import type { WayEdgeType } from "./WayEdge.tsx";

/** Half a port's width: ways begin and end at its rim. */
export const RIM = 4.5;

/** The nodes that can be seen, containers before what is inside them. */
export function useShown(): string[] {
  const family = useCanvas((state) => state.family);
  const closed = useCanvas((state) => state.closed);
  return useMemo(
    () =>
      outsideIn(family).filter(
        (id) => !ancestorsOf(family, family.agentOf.get(id) ?? id).some((ancestor) => closed.has(ancestor)),
      ),
    [family, closed],
  );
}

/** How nodes look beyond what the canvas knows of them. */
export interface NodesLook {
  chosen: ReadonlySet<string>;
  /** Where nodes are while they are dragged, within their container. */
  moved?: Readonly<Record<string, Point>> | undefined;
  /** The one node that the Tab key reaches; left out: all of them. */
  reached?: string | null;
  /** Nodes may be dragged out of their container. */
  isFree?: boolean;
}

export function useCardNodes({ chosen, moved, reached, isFree = false }: NodesLook): CardNode[] {
  const cards = useCanvas((state) => state.cards);
  const positions = useCanvas((state) => state.positions);
  const family = useCanvas((state) => state.family);
  const shown = useShown();
  const known = useRef(new Map<string, CardNode>());
  return useMemo(
    () =>
      shown.flatMap((id): CardNode[] => {
        const card = cards[id];
        if (!card) return [];
        const before = known.current.get(id);
        const position = moved?.[id] ?? positions[id] ?? ORIGIN;
        const isChosen = chosen.has(id);
        const agent = family.agentOf.get(id);
        const parent = agent ?? family.parentOf.get(id);
        const tabIndex = reached === undefined || reached === id ? 0 : -1;
        // What did not change stays the same node, which the library need not look at again.
        if (
          before?.data.card === card &&
          before.position === position &&
          before.selected === isChosen &&
          before.parentId === parent &&
          before.domAttributes?.tabIndex === tabIndex
        )
          return [before];
        const isLoop = card.minWidth !== null;
        // What holds buttons of its own is no button.
        const isGroup = isLoop || card.dock !== null;
        const node: CardNode = {
          id,
          type: isLoop ? "loop" : isAttachment(card.node) ? "chip" : "card",
          position,
          width: card.width,
          height: card.height,
          data: { card },
          selected: isChosen,
          ariaRole: isGroup ? "group" : "button",
          ...(isGroup ? { ariaLabel: `${card.node.name}, ${card.typeName}` } : {}),
          ...(parent === undefined ? {} : { parentId: parent }),
          ...(parent === undefined || isFree || agent ? {} : { extent: "parent" as const }),
          domAttributes: { "aria-roledescription": isLoop ? "loop" : "step", tabIndex },
        };
        known.current.set(id, node);
        return [node];
      }),
    [shown, cards, positions, family, chosen, moved, reached, isFree],
  );
}

const ORIGIN: Point = { x: 0, y: 0 };

/** A connection and where it begins and ends on the canvas. */
export interface WayWish extends Wish {
  port: string;
  isOnlyPort: boolean;
  connection: ConnectionDocument;
}

export const wayId = ({ from, port, to, input }: ConnectionDocument): string =>
  `${from} ${port || "main"} ${to} ${input || "main"}`;

/** Every connection that is drawn, and its way around the nodes. */
export function useWays(): { wishes: WayWish[]; ways: Readonly<Record<string, Point[]>> } {
  const cards = useCanvas((state) => state.cards);
  const places = useCanvas((state) => state.places);
  const family = useCanvas((state) => state.family);
  const connections = useCanvas((state) => state.data.definition.connections);
  const shown = useShown();
  const wishes = useMemo(() => {
    const seen = new Set(shown);
    const all = new Map<string, WayWish>();
    for (const connection of connections) {
      const { from, to, port = "main" } = connection;
      const source = cards[from];
      const target = cards[to];
      const start = places[from];
      const end = places[to];
      if (!source || !target || !start || !end || !seen.has(from) || !seen.has(to)) continue;
      const id = wayId(connection);
      all.set(id, {
        id,
        from,
        to,
        port,
        isOnlyPort: source.ports.length === 1,
        connection,
        trunk: `${from} ${port}`,
        source: { x: start.x + source.width + RIM, y: start.y + portOffset(source.ports, port) },
        target: { x: end.x - RIM, y: end.y + INPUT_OFFSET },
      });
    }
    return [...all.values()];
  }, [cards, places, connections, shown]);
  const routers = useRef(new Map<string, Router>());
  const ways = useMemo(() => {
    // No connection crosses a container's border, so each level is routed for itself.
    const levels = new Map<string, Rect[]>();
    for (const id of shown) {
      const card = cards[id];
      const place = places[id];
      if (!card || !place || family.agentOf.has(id)) continue;
      const level = family.parentOf.get(id) ?? "";
      const own = [{ id, width: card.width, height: card.height, ...place }];
      if (card.dock) own.push(below(id, card, card.dock.beyond, place));
      const rects = levels.get(level);
      if (rects) rects.push(...own);
      else levels.set(level, own);
    }
    const found: Record<string, Point[]> = {};
    for (const [level, rects] of levels) {
      const router = routers.current.get(level) ?? new Router();
      routers.current.set(level, router);
      const inside = wishes.filter(({ from }) => (family.parentOf.get(from) ?? "") === level);
      Object.assign(found, router.route(inside, rects));
    }
    return found;
  }, [wishes, cards, places, family, shown]);
  return { wishes, ways };
}

/** The room that what hangs on an agent takes. */
const below = (id: string, size: { width: number; height: number }, by: Beyond, at: Point): Rect => ({
  id: `${id} dock`,
  x: at.x - by.left,
  y: at.y + size.height,
  width: size.width + by.left + by.right,
  height: by.bottom,
});

/** How ways look beyond what the canvas knows of them. */
export interface WaysLook {
  isChosen: (wish: WayWish) => boolean;
  /** Where a way goes while an end of it is dragged; null leaves it. */
  bent?: ((wish: WayWish, points: Point[]) => Point[] | null) | undefined;
  isFree?: boolean;
}

export function useWayEdges(
  { wishes, ways }: ReturnType<typeof useWays>,
  { isChosen, bent, isFree = false }: WaysLook,
): WayEdgeType[] {
  const states = useCanvas(
    useShallow((state): EdgeState[] =>
      wishes.map(({ from, port, to, isOnlyPort, connection }) =>
        wayState(state, from, port, to, isOnlyPort, connection.condition),
      ),
    ),
  );
  const known = useRef(new Map<string, WayEdgeType>());
  return useMemo(() => {
    const order = { off: 0, idle: 1, rest: 2, taken: 3, failed: 4, running: 5 };
    return wishes
      .map((wish, index): WayEdgeType => {
        const state = states[index] ?? "idle";
        const routed = ways[wish.id] ?? NO_POINTS;
        const points = bent?.(wish, routed) ?? routed;
        const isSelected = isChosen(wish);
        const says = sentence(wish.connection);
        const edgeBefore = known.current.get(wish.id);
        const before = edgeBefore?.data;
        if (
          edgeBefore &&
          before?.state === state &&
          before.points === points &&
          before.isSelected === isSelected &&
          before.says === says
        )
          return edgeBefore;
        const edge: WayEdgeType = {
          id: wish.id,
          type: "way",
          source: wish.from,
          target: wish.to,
          sourceHandle: wish.port,
          focusable: false,
          selectable: isFree,
          selected: isFree && isSelected,
          data: {
            points,
            state,
            isSelected,
            says,
            label: wish.connection.condition ? plain(wish.connection.condition) : "",
          },
        };
        known.current.set(wish.id, edge);
        return edge;
      })
      .sort((a, b) => order[a.data?.state ?? "rest"] - order[b.data?.state ?? "rest"]);
  }, [wishes, ways, states, isChosen, bent, isFree]);
}

const NO_POINTS: Point[] = [];
