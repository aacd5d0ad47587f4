/** Text that nodes are writing just now, as watchers hear it. Nothing of it is kept: what came of it is in their steps. */

import { create } from "zustand";

/** A piece of what a node is writing. An empty text: what was shown of this part is void. */
export interface Piece {
  node_id: string;
  path: string;
  /** The step it will be the result of: `turn:2`. */
  part: string;
  text: string;
}

type Parts = Readonly<Record<string, string>>;

export const useWriting = create<{ of: Readonly<Record<string, Parts>> }>()(() => ({ of: {} }));

export const writingKey = (executionId: string, nodeId: string, path: string): string =>
  `${executionId} ${nodeId} ${path}`;

/** The parts with one more piece. Pure. */
export function written(parts: Parts, { part, text }: Pick<Piece, "part" | "text">): Parts {
  if (text !== "") return { ...parts, [part]: (parts[part] ?? "") + text };
  const { [part]: _void, ...rest } = parts;
  return rest;
}

export function hearPiece(executionId: string, piece: Piece): void {
  const key = writingKey(executionId, piece.node_id, piece.path);
  useWriting.setState(({ of }) => ({ of: { ...of, [key]: written(of[key] ?? NOTHING, piece) } }));
}

export const NOTHING: Parts = {};
