/** Publishing and the versions there are. */

import { create } from "zustand";
import type { Definition } from "../../canvas/types.ts";
import { ask } from "../api.ts";
import { useEditor } from "../store.ts";

export interface Version {
  id: string;
  number: number;
  note: string;
  published_by: string;
  published_at: string;
}

interface HistoryState {
  isPublishing: boolean;
  openPublish: () => void;
  closePublish: () => void;
  /** Definitions of versions that were asked for, by number. They never change. */
  definitions: Readonly<Record<number, Definition>>;
}

export const useHistory = create<HistoryState>()((set) => ({
  isPublishing: false,
  openPublish: () => set({ isPublishing: true }),
  closePublish: () => set({ isPublishing: false }),
  definitions: {},
}));

const underWay = new Map<number, Promise<Definition>>();

/** The definition of a published version, asked for once. */
export function definitionOf(number: number): Promise<Definition> {
  const known = useHistory.getState().definitions[number];
  if (known) return Promise.resolve(known);
  const asked =
    underWay.get(number) ??
    ask<{ definition: Definition }>("GET", `${useEditor.getState().data.api}versions/${number}/`)
      .then(({ definition }) => {
        useHistory.setState((state) => ({ definitions: { ...state.definitions, [number]: definition } }));
        return definition;
      })
      .finally(() => underWay.delete(number));
  underWay.set(number, asked);
  return asked;
}
