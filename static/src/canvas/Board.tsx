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
import { Icon } from "./Icon.tsx";
import { INPUT_OFFSET, portOffset } from "./measure.ts";
import { type CardNode, NodeCard } from "./NodeCard.tsx";
import { type Rect, routeAll, type Wish } from "./routing.ts";
import { edgeState, legend, runOf, viewOf } from "./states.ts";
import { useCanvas } from "./store.ts";
import { ENDED } from "./types.ts";
import { ArrowHeads, WayEdge, type WayEdgeType } from "./WayEdge.tsx";

const nodeTypes = { card: NodeCard };
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
            nodeClassName={(node) => `map-${node.data.card.node.type}`}
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

function useNodes(): CardNode[] {
  const cards = useCanvas((state) => state.cards);
  const positions = useCanvas((state) => state.positions);
  const selected = useCanvas((state) => state.selected);
  return useMemo(
    () =>
      Object.values(cards).map((card): CardNode => {
        const { node, width, height } = card;
        return {
          id: node.id,
          type: "card",
          position: positions[node.id] ?? { x: 0, y: 0 },
          width,
          height,
          data: { card },
          selected: node.id === selected,
          ariaRole: "button",
          domAttributes: { "aria-roledescription": "step" },
        };
      }),
    [cards, positions, selected],
  );
}

function useEdges(): WayEdgeType[] {
  const cards = useCanvas((state) => state.cards);
  const positions = useCanvas((state) => state.positions);
  const connections = useCanvas((state) => state.data.definition.connections);
  const snapshot = useCanvas((state) => state.snapshot);
  const selected = useCanvas((state) => state.selected);
  const wishes = useMemo(() => {
    const all: (Wish & { port: string })[] = [];
    connections.forEach(({ from, port, to }, index) => {
      const source = cards[from];
      const target = cards[to];
      const start = positions[from];
      const end = positions[to];
      if (!source || !target || !start || !end) return;
      all.push({
        id: `${index} ${from} ${port} ${to}`,
        from,
        to,
        port,
        trunk: `${from} ${port}`,
        source: { x: start.x + source.width + RIM, y: start.y + portOffset(source.ports, port) },
        target: { x: end.x - RIM, y: end.y + INPUT_OFFSET },
      });
    });
    return all;
  }, [cards, positions, connections]);
  const ways = useMemo(() => {
    const rects: Rect[] = Object.values(cards).map(({ node, width, height }) => ({
      id: node.id,
      width,
      height,
      ...(positions[node.id] ?? { x: 0, y: 0 }),
    }));
    return routeAll(wishes, rects);
  }, [wishes, cards, positions]);
  return useMemo(() => {
    const order = { off: 0, idle: 1, rest: 2, taken: 3, failed: 4, running: 5 };
    return wishes
      .map((wish): WayEdgeType => {
        const state = snapshot
          ? edgeState(runOf(snapshot, wish.from), wish.port, runOf(snapshot, wish.to))
          : "rest";
        const isSelected = selected !== null && (wish.from === selected || wish.to === selected);
        return {
          id: wish.id,
          type: "way",
          source: wish.from,
          target: wish.to,
          sourceHandle: wish.port,
          focusable: false,
          selectable: false,
          data: { points: ways[wish.id] ?? [], state, isSelected },
        };
      })
      .sort((a, b) => order[a.data?.state ?? "rest"] - order[b.data?.state ?? "rest"]);
  }, [wishes, ways, snapshot, selected]);
}

/** Fits the view when the layout changed or the board got another size. */
function Refit() {
  const positions = useCanvas((state) => state.positions);
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
      const place = card && positions[card.node.id];
      if (card && place)
        void setCenter(place.x + card.width / 2, place.y + card.height / 2, { zoom: 0.8, duration });
    } else void fitView({ ...FIT, duration });
  }, [positions, width, height, fitView]);
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
  const snapshot = useCanvas((state) => state.snapshot);
  const entries = useMemo(() => {
    if (!snapshot) return [];
    const { now } = useCanvas.getState();
    return legend(Object.keys(cards).map((id) => viewOf(runOf(snapshot, id), snapshot, now, false)));
  }, [cards, snapshot]);
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
