import {
  Background,
  BackgroundVariant,
  type Connection,
  type EdgeChange,
  MiniMap,
  type NodeChange,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  useStore,
  ViewportPortal,
} from "@xyflow/react";
import { type MouseEvent, useCallback, useEffect, useMemo } from "react";
import { Chip } from "../../canvas/Dock.tsx";
import { useCardNodes, useWayEdges, useWays, type WayWish } from "../../canvas/flow.ts";
import { type Hands, HandsContext, NO_HANDS } from "../../canvas/hands.ts";
import { LoopBox } from "../../canvas/LoopBox.tsx";
import { type CardNode, NodeCard } from "../../canvas/NodeCard.tsx";
import { plainWay } from "../../canvas/routing.ts";
import { useCanvas } from "../../canvas/store.ts";
import { ArrowHeads, WayEdge } from "../../canvas/WayEdge.tsx";
import { useEditor } from "../store.ts";
import { connectTo, endConnection, hasInput } from "./actions.ts";
import { ConnectionLine } from "./ConnectionLine.tsx";
import { openMenu } from "./ContextMenu.tsx";
import { refusal } from "./connecting.ts";
import { dragOver, dragTo, drop, forgetDrag } from "./dragging.ts";
import { Guides } from "./Guides.tsx";
import { type AnnotationNode, Frame, Note, useAnnotations } from "./Notes.tsx";
import { Corner, Hang, HangHere, Inside, OpenPort } from "./parts.tsx";
import { setView, useSurface } from "./state.ts";
import { useView } from "./view.ts";
import { WayTools } from "./WayTools.tsx";

const nodeTypes = { card: NodeCard, loop: LoopBox, chip: Chip, note: Note, frame: Frame };
const edgeTypes = { way: WayEdge };
const HANDS: Hands = { isConnectable: true, Corner, Port: OpenPort, Inside, Hang };
const LOOKING: Hands = { ...NO_HANDS, Corner };
const GRID: [number, number] = [4, 4];
const MULTI = ["Meta", "Control"];
/** From so many nodes on only those are drawn that can be seen. */
const MANY = 150;
/** Drawn smaller than this, cards go without what is only for the hand. */
const FAR = 0.4;
/** A canvas lower than this has no room for a map of itself. */
const LOW = 360;

type Drawn = CardNode | AnnotationNode;

/** The graph itself, to be changed by hand. */
export function Flow() {
  const isLocked = useEditor((state) => state.isLocked);
  const nodes = useDrawn();
  const routed = useWays();
  const edges = useEdges(routed);
  const flow = useReactFlow();
  const isFar = useStore((state) => state.transform[2] < FAR);
  const isLow = useStore((state) => state.height < LOW);
  const isConnecting = useStore((state) => state.connection.inProgress);
  useEffect(() => {
    setView(flow);
    return () => setView(null);
  }, [flow]);
  useView();
  const isGliding = useSurface((state) => state.isGliding);
  const pointer = useCallback(
    (event: MouseEvent | globalThis.MouseEvent | TouchEvent) => {
      const { clientX: x, clientY: y } =
        "changedTouches" in event ? (event.changedTouches[0] ?? ZERO) : event;
      return flow.screenToFlowPosition({ x, y }, { snapToGrid: false });
    },
    [flow],
  );
  return (
    <HandsContext value={isLocked ? LOOKING : HANDS}>
      <div
        className="board"
        data-connecting={isConnecting || undefined}
        data-gliding={isGliding || undefined}
        data-far={isFar || undefined}
        data-locked={isLocked || undefined}
        onFocusCapture={(event) => {
          const id = event.target.closest<HTMLElement>(".react-flow__node")?.dataset.id;
          if (id && useSurface.getState().reached !== id) useSurface.setState({ reached: id });
        }}
      >
        <ReactFlow<Drawn, (typeof edges)[number]>
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          nodesDraggable={!isLocked}
          nodesConnectable={!isLocked}
          elementsSelectable
          nodesFocusable
          edgesFocusable={false}
          disableKeyboardA11y
          elevateNodesOnSelect={false}
          deleteKeyCode={null}
          selectionKeyCode={isLocked ? null : "Shift"}
          multiSelectionKeyCode={isLocked ? null : MULTI}
          selectionMode={SelectionMode.Partial}
          snapToGrid
          snapGrid={GRID}
          nodeDragThreshold={3}
          connectionRadius={28}
          connectionDragThreshold={3}
          connectOnClick={false}
          connectionLineComponent={ConnectionLine}
          minZoom={0.1}
          maxZoom={2}
          attributionPosition="top-right"
          onlyRenderVisibleElements={nodes.length > MANY}
          zoomOnScroll={false}
          zoomOnDoubleClick={false}
          panOnScroll
          zoomOnPinch
          onNodesChange={onNodesChange}
          onEdgesChange={onEdgesChange}
          onNodeDragStart={forgetDrag}
          onNodeDrag={(event) => dragOver(pointer(event))}
          onNodeDragStop={(event) => drop(pointer(event))}
          onNodeClick={onNodeClick}
          onPaneClick={() => {
            useEditor.getState().choose({});
            useEditor.getState().show(null);
          }}
          onNodeContextMenu={(event, node) => offer(event, node)}
          onEdgeContextMenu={(event, edge) => {
            event.preventDefault();
            if (!isLocked) openMenu("way", edge.id, { x: event.clientX, y: event.clientY });
          }}
          onPaneContextMenu={(event) => {
            event.preventDefault();
            openMenu("pane", null, { x: event.clientX, y: event.clientY });
          }}
          onEdgeMouseEnter={(_, edge) => useSurface.setState({ hovered: edge.id })}
          onEdgeMouseLeave={() => useSurface.setState({ hovered: null })}
          onConnect={onConnect}
          onConnectEnd={(event, state) => endConnection(event, state, pointer(event))}
          isValidConnection={isValid}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1.6} />
          <ViewportPortal>
            <Guides />
            <HangHere />
            {isLocked ? null : <WayTools {...routed} />}
          </ViewportPortal>
          {nodes.length > 4 && !isLow ? (
            <MiniMap<Drawn>
              className="board-map"
              pannable
              zoomable
              nodeClassName={mapClass}
              ariaLabel="Map of the workflow"
            />
          ) : null}
        </ReactFlow>
        <ArrowHeads />
      </div>
    </HandsContext>
  );
}

const ZERO = { clientX: 0, clientY: 0 };

function mapClass(node: Drawn): string {
  if (node.type === "note" || node.type === "frame") return `map-${node.type}`;
  return node.type === "loop" ? "map-loop" : `map-${(node as CardNode).data.card.node.type}`;
}

function useDrawn(): Drawn[] {
  const chosen = useEditor((state) => state.selection.nodes);
  const moved = useSurface((state) => state.moved);
  const first = useCanvas((state) => state.data.definition.nodes[0]?.id ?? null);
  const reached = useSurface((state) => state.reached);
  const isThere = useCanvas((state) => reached !== null && reached in state.cards);
  const cards = useCardNodes({
    chosen,
    moved: moved ?? undefined,
    reached: isThere ? reached : first,
    isFree: true,
  });
  const { frames, notes } = useAnnotations();
  return useMemo(() => [...frames, ...cards, ...notes], [frames, cards, notes]);
}

function useEdges(routed: ReturnType<typeof useWays>) {
  const chosen = useEditor((state) => state.selection.connections);
  const moved = useSurface((state) => state.moved);
  const family = useCanvas((state) => state.family);
  const positions = useCanvas((state) => state.positions);
  const isChosen = useCallback((wish: WayWish) => chosen.has(wish.id), [chosen]);
  const bent = useMemo(() => {
    if (!moved) return undefined;
    const shiftOf = (id: string): { x: number; y: number } => {
      let [x, y] = [0, 0];
      for (let at: string | undefined = id; at !== undefined; at = family.parentOf.get(at)) {
        const [now, before] = [moved[at], positions[at]];
        if (now && before) [x, y] = [x + now.x - before.x, y + now.y - before.y];
      }
      return { x, y };
    };
    return (wish: WayWish, points: { x: number; y: number }[]) => {
      const [start, end] = [shiftOf(wish.from), shiftOf(wish.to)];
      if (!start.x && !start.y && !end.x && !end.y) return null;
      if (start.x === end.x && start.y === end.y)
        return points.map(({ x, y }) => ({ x: x + start.x, y: y + start.y }));
      return plainWay(
        { x: wish.source.x + start.x, y: wish.source.y + start.y },
        { x: wish.target.x + end.x, y: wish.target.y + end.y },
      );
    };
  }, [moved, family, positions]);
  return useWayEdges(routed, { isChosen, bent, isFree: true });
}

function onNodesChange(changes: NodeChange<Drawn>[]): void {
  dragTo(changes);
  const { selection, choose, definition } = useEditor.getState();
  const picked = changes.filter((change) => change.type === "select");
  if (picked.length === 0) return;
  const notes = new Set((definition.annotations ?? []).map(({ id }) => id));
  const [nodes, annotations] = [new Set(selection.nodes), new Set(selection.annotations)];
  for (const { id, selected } of picked) {
    const set = notes.has(id) ? annotations : nodes;
    if (selected) set.add(id);
    else set.delete(id);
  }
  choose({ ...selection, nodes, annotations });
}

function onEdgesChange(changes: EdgeChange[]): void {
  const { selection, choose } = useEditor.getState();
  const picked = changes.filter((change) => change.type === "select");
  if (picked.length === 0) return;
  const connections = new Set(selection.connections);
  for (const { id, selected } of picked)
    if (selected) connections.add(id);
    else connections.delete(id);
  choose({ ...selection, connections });
}

function onNodeClick(event: MouseEvent, node: Drawn): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  const { show, choose } = useEditor.getState();
  if (node.type === "note" || node.type === "frame") choose({ annotations: new Set([node.id]) });
  else show(node.id);
}

/** The menu of a node or note, at the pointer; by keys, at the node. */
function offer(event: MouseEvent, node: Drawn): void {
  if (event.target instanceof Element && event.target.closest("textarea")) return;
  event.preventDefault();
  const { left, bottom } = event.currentTarget.getBoundingClientRect();
  const isPointed = event.clientX !== 0 || event.clientY !== 0;
  const at = isPointed ? { x: event.clientX, y: event.clientY } : { x: left, y: bottom + 4 };
  openMenu(node.type === "note" || node.type === "frame" ? "note" : "node", node.id, at);
}

const onConnect = ({ source, sourceHandle, target }: Connection): void => {
  connectTo({ from: source, port: sourceHandle ?? "main", to: target });
};

function isValid(connection: {
  source: string | null;
  target: string | null;
  sourceHandle?: string | null;
}): boolean {
  const { source, target, sourceHandle } = connection;
  if (!source || !target) return false;
  const { definition } = useEditor.getState();
  return refusal(definition, { from: source, port: sourceHandle ?? "main", to: target }, hasInput) === null;
}
