/** What an editor adds to what the canvas draws; elsewhere nothing. */

import { type ComponentType, createContext } from "react";

export interface Hands {
  /** Connections can be drawn from and to ports. */
  isConnectable: boolean;
  /** At the corner of a node that is at rest. */
  Corner: ComponentType<{ id: string }> | null;
  /** Beside an outcome, `top` pixels below its node's upper rim. */
  Port: ComponentType<{ id: string; port: string; top: number }> | null;
  /** On a container, over what is inside. */
  Inside: ComponentType<{ id: string; isEmpty: boolean }> | null;
}

export const NO_HANDS: Hands = { isConnectable: false, Corner: null, Port: null, Inside: null };

/** Given once and never changed, so that it draws nothing anew. */
export const HandsContext = createContext<Hands>(NO_HANDS);
