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
import { Chip } from "./Dock.tsx";
import { isAttachment } from "./docking.ts";
import { useCardNodes, useWayEdges, useWays, type WayWish } from "./flow.ts";
import { Icon } from "./Icon.tsx";
import { LoopBox } from "./LoopBox.tsx";
import { type CardNode, NodeCard } from "./NodeCard.tsx";
import { legend } from "./states.ts";
import { type CardModel, useCanvas } from "./store.ts";
import { ENDED } from "./types.ts";
import { nodeView } from "./views.ts";
import { ArrowHeads, WayEdge } from "./WayEdge.tsx";

const nodeTypes = { card: NodeCard, loop: LoopBox, chip: Chip };
const edgeTypes = { way: WayEdge };
/** Room for the bars at the bottom and for badges at the rims. */
const FIT = {
  padding: { top: "32px", right: "48px", bottom: "64px", left: "48px" },
  maxZoom: 1,
  minZoom: 0.2,
} as const;
const PAN_STEP = 60;
const NARROW = 600;

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
  const selected = useCanvas((state) => state.selected);
  const chosen = useMemo(() => new Set(selected === null ? [] : [selected]), [selected]);
  const isChosen = useCallback(
    ({ from, to }: WayWish) => selected !== null && (from === selected || to === selected),
    [selected],
  );
  const nodes = useCardNodes({ chosen });
  const edges = useWayEdges(useWays(), { isChosen });
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

/** Tools and memories do nothing by themselves. */
const stepsOf = (cards: Readonly<Record<string, CardModel>>): string[] =>
  Object.values(cards).flatMap(({ node }) => (isAttachment(node) ? [] : [node.id]));

function Legend() {
  const cards = useCanvas((state) => state.cards);
  // As one text, so that only a change of it draws anything.
  const text = useCanvas((state) =>
    JSON.stringify(legend(stepsOf(cards).map((id) => nodeView(state, id, 0, false)))),
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
