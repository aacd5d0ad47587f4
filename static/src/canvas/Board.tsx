import {
  Background,
  BackgroundVariant,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
  useViewport,
} from "@xyflow/react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef } from "react";
import { useShallow } from "zustand/react/shallow";
import { sentence } from "./carrying.ts";
import { ancestorsOf, outsideIn } from "./family.ts";
import { Icon } from "./Icon.tsx";
import { LoopBox } from "./LoopBox.tsx";
import type { Point } from "./layout.ts";
import { INPUT_OFFSET, portOffset } from "./measure.ts";
import { type CardNode, NodeCard } from "./NodeCard.tsx";
import { type Rect, routeAll, type Wish } from "./routing.ts";
import { type EdgeState, legend } from "./states.ts";
import { useCanvas } from "./store.ts";
import { type ConnectionDocument, ENDED } from "./types.ts";
import { nodeView, wayState } from "./views.ts";
import { ArrowHeads, WayEdge, type WayEdgeType } from "./WayEdge.tsx";

const nodeTypes = { card: NodeCard, loop: LoopBox };
const edgeTypes = { way: WayEdge };
/** Room for the bars at the bottom and for badges at the rims. */
const FIT = {
  padding: { top: "32px", right: "48px", bottom: "64px", left: "48px" },
  maxZoom: 1,
  minZoom: 0.2,
} as const;
const PAN_STEP = 60;
const NARROW = 600;
/** Half a port's width: ways begin and end at its rim. */
const RIM = 4.5;

/** The graph itself: cards, ways, zoom, map and legend. */
export function Board() {
  return (
    <ReactFlowProvider>
      <Flow />
    </ReactFlowProvider>
  );
}

function Flow() {
  const mode = useCanvas((state) => state.mode);
  const select = useCanvas((state) => state.select);
  const nodes = useNodes();
  const edges = useEdges();
  const { getViewport, setViewport } = useReactFlow();
  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      const step: Record<string, [number, number]> = {
        ArrowLeft: [PAN_STEP, 0],
        ArrowRight: [-PAN_STEP, 0],
        ArrowUp: [0, PAN_STEP],
        ArrowDown: [0, -PAN_STEP],
      };
      const move = step[event.key];
      if (event.key === "Escape") select(null);
      if (!move) return;
      const { x, y, zoom } = getViewport();
      void setViewport({ x: x + move[0], y: y + move[1], zoom });
      event.preventDefault();
    },
    [getViewport, setViewport, select],
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows pan for every node inside.
    <div className="board" onKeyDown={onKeyDown}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable
        edgesFocusable={false}
        elementsSelectable
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        minZoom={0.2}
        maxZoom={1.6}
        attributionPosition="top-right"
        onlyRenderVisibleElements={nodes.length > 150}
        zoomOnScroll={false}
        panOnScroll
        zoomOnPinch
        onNodeClick={(_, node) => select(node.id)}
        onPaneClick={() => select(null)}
        onNodesChange={(changes) => {
          // Enter and Space on a focused card arrive as a selection.
          for (const change of changes) if (change.type === "select" && change.selected) select(change.id);
        }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.6} />
        {mode === "workflow" && nodes.length > 4 ? (
          <MiniMap<CardNode>
            className="board-map"
            pannable
            zoomable
            nodeClassName={(node) => (node.type === "loop" ? "map-loop" : `map-${node.data.card.node.type}`)}
            ariaLabel="Map of the workflow"
          />
        ) : null}
      </ReactFlow>
      <ArrowHeads />
      <div className="board-foot">
        {mode === "execution" ? <Legend /> : null}
        <Zoom />
      </div>
      <Refit />
    </div>
  );
}

/** The nodes that can be seen, containers before what is inside them. */
function useShown(): string[] {
  const family = useCanvas((state) => state.family);
  const closed = useCanvas((state) => state.closed);
  return useMemo(
    () => outsideIn(family).filter((id) => !ancestorsOf(family, id).some((ancestor) => closed.has(ancestor))),
    [family, closed],
  );
}

function useNodes(): CardNode[] {
  const cards = useCanvas((state) => state.cards);
  const positions = useCanvas((state) => state.positions);
  const family = useCanvas((state) => state.family);
  const selected = useCanvas((state) => state.selected);
  const shown = useShown();
  const known = useRef(new Map<string, CardNode>());
  return useMemo(
    () =>
      shown.flatMap((id): CardNode[] => {
        const card = cards[id];
        if (!card) return [];
        const before = known.current.get(id);
        const position = positions[id] ?? ORIGIN;
        const isSelected = id === selected;
        // What did not change stays the same node, which the library need not look at again.
        if (before?.data.card === card && before.position === position && before.selected === isSelected)
          return [before];
        const parent = family.parentOf.get(id);
        const isLoop = card.minWidth !== null;
        const node: CardNode = {
          id,
          type: isLoop ? "loop" : "card",
          position,
          width: card.width,
          height: card.height,
          data: { card },
          selected: isSelected,
          ariaRole: isLoop ? "group" : "button",
          ...(isLoop ? { ariaLabel: `${card.node.name}, ${card.typeName}` } : {}),
          ...(parent === undefined ? {} : { parentId: parent, extent: "parent" as const }),
          domAttributes: { "aria-roledescription": isLoop ? "loop" : "step" },
        };
        known.current.set(id, node);
        return [node];
      }),
    [shown, cards, positions, family, selected],
  );
}

const ORIGIN: Point = { x: 0, y: 0 };

function useEdges(): WayEdgeType[] {
  const cards = useCanvas((state) => state.cards);
  const places = useCanvas((state) => state.places);
  const family = useCanvas((state) => state.family);
  const connections = useCanvas((state) => state.data.definition.connections);
  const selected = useCanvas((state) => state.selected);
  const shown = useShown();
  const wishes = useMemo(() => {
    const seen = new Set(shown);
    const all: (Wish & { port: string; isOnlyPort: boolean; connection: ConnectionDocument })[] = [];
    connections.forEach((connection, index) => {
      const { from, to, port = "main" } = connection;
      const source = cards[from];
      const target = cards[to];
      const start = places[from];
      const end = places[to];
      if (!source || !target || !start || !end || !seen.has(from) || !seen.has(to)) return;
      all.push({
        id: `${index} ${from} ${port} ${to}`,
        from,
        to,
        port,
        isOnlyPort: source.ports.length === 1,
        connection,
        trunk: `${from} ${port}`,
        source: { x: start.x + source.width + RIM, y: start.y + portOffset(source.ports, port) },
        target: { x: end.x - RIM, y: end.y + INPUT_OFFSET },
      });
    });
    return all;
  }, [cards, places, connections, shown]);
  const ways = useMemo(() => {
    // No connection crosses a container's border, so each level is routed for itself.
    const levels = new Map<string, Rect[]>();
    for (const id of shown) {
      const card = cards[id];
      const place = places[id];
      if (!card || !place) continue;
      const level = family.parentOf.get(id) ?? "";
      const rect = { id, width: card.width, height: card.height, ...place };
      levels.set(level, [...(levels.get(level) ?? []), rect]);
    }
    const found: Record<string, Point[]> = {};
    for (const [level, rects] of levels) {
      const inside = wishes.filter(({ from }) => (family.parentOf.get(from) ?? "") === level);
      Object.assign(found, routeAll(inside, rects));
    }
    return found;
  }, [wishes, cards, places, family, shown]);
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
        const points = ways[wish.id] ?? [];
        const isSelected = selected !== null && (wish.from === selected || wish.to === selected);
        const before = known.current.get(wish.id)?.data;
        if (before?.state === state && before.points === points && before.isSelected === isSelected)
          return known.current.get(wish.id) as WayEdgeType;
        const edge: WayEdgeType = {
          id: wish.id,
          type: "way",
          source: wish.from,
          target: wish.to,
          sourceHandle: wish.port,
          focusable: false,
          selectable: false,
          data: { points, state, isSelected, says: sentence(wish.connection) },
        };
        known.current.set(wish.id, edge);
        return edge;
      })
      .sort((a, b) => order[a.data?.state ?? "rest"] - order[b.data?.state ?? "rest"]);
  }, [wishes, ways, states, selected]);
}

/** Fits the view when the layout changed or the board got another size. */
function Refit() {
  const places = useCanvas((state) => state.places);
  const height = useStore((state) => Math.round(state.height));
  const width = useStore((state) => Math.round(state.width));
  const { fitView, setCenter } = useReactFlow();
  const isFirst = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new positions and sizes are the reason to fit again.
  useEffect(() => {
    if (width === 0 || height === 0) return;
    const duration = reducedMotion() || isFirst.current ? 0 : 220;
    isFirst.current = false;
    if (width < NARROW) {
      // A phone shows where the run is, legibly, rather than all of it.
      const { cards, selected, snapshot } = useCanvas.getState();
      const live = snapshot?.node_runs.find((run) => !ENDED.has(run.state) && run.state !== "PENDING");
      const card = cards[selected ?? live?.node_id ?? ""] ?? Object.values(cards)[0];
      const place = card && places[card.node.id];
      if (card && place)
        void setCenter(place.x + card.width / 2, place.y + card.height / 2, { zoom: 0.8, duration });
    } else void fitView({ ...FIT, duration });
  }, [places, width, height, fitView]);
  return null;
}

const reducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

function Zoom() {
  const { zoomIn, zoomOut, fitView } = useReactFlow();
  const { zoom } = useViewport();
  const tidyUp = useCanvas((state) => state.tidyUp);
  const mode = useCanvas((state) => state.mode);
  const duration = reducedMotion() ? 0 : 140;
  return (
    <div className="board-bar" role="toolbar" aria-label="Canvas">
      <button type="button" aria-label="Zoom out" title="Zoom out" onClick={() => void zoomOut({ duration })}>
        <Icon name="minus" />
      </button>
      <span className="board-zoom">{Math.round(zoom * 100)}%</span>
      <button type="button" aria-label="Zoom in" title="Zoom in" onClick={() => void zoomIn({ duration })}>
        <Icon name="plus" />
      </button>
      <i />
      <button
        type="button"
        aria-label="Fit"
        title="Fit"
        onClick={() => void fitView({ ...FIT, duration: duration * 2 })}
      >
        <Icon name="maximize" />
      </button>
      {mode === "workflow" ? (
        <button type="button" className="board-tidy" onClick={() => void tidyUp()}>
          <Icon name="layout-grid" />
          Tidy up
        </button>
      ) : null}
    </div>
  );
}

function Legend() {
  const cards = useCanvas((state) => state.cards);
  // As one text, so that only a change of it draws anything.
  const text = useCanvas((state) =>
    JSON.stringify(legend(Object.keys(cards).map((id) => nodeView(state, id, 0, false)))),
  );
  const entries = JSON.parse(text) as ReturnType<typeof legend>;
  return (
    <div className="board-bar board-legend">
      {entries.map(({ word, icon, tone, count }) => (
        <span key={word} data-tone={tone}>
          <Icon name={icon} size={14} />
          {word} {count}
        </span>
      ))}
    </div>
  );
}
