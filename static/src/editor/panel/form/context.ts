import { createContext, useContext, useRef } from "react";
import type { Finding, Json } from "../../../canvas/types.ts";
import { isSame } from "../../document/merge.ts";
import type { Sees } from "../../expression/previewing.ts";
import { at, isBelow, placeOf } from "./problems.ts";
import type { Source } from "./schema.ts";

/** What every field of a form needs to know of the whole. */
export interface FormSurroundings {
  /** The node whose data expressions read. */
  nodeId: string;
  source: Source;
  findings: readonly Finding[];
  isReadOnly: boolean;
  /** The server takes no draft with a number that is out of its bounds here. */
  isStrict?: boolean;
  /** What is missing is not said before somebody wants to go on. */
  isCalm?: boolean;
  /** What a model fills in of the parameters below `root`, and how that is changed. */
  filler?: Filler;
  /** What `$json` is: what goes into the node, or what it gives back. */
  sees?: Sees;
}

export interface Filler {
  root: string;
  fills: Json | undefined;
  change: (fills: Json) => void;
}

const Surroundings = createContext<FormSurroundings | null>(null);
export const FormProvider = Surroundings.Provider;

export function useForm(): FormSurroundings {
  const found = useContext(Surroundings);
  if (!found) throw new Error("A field stands outside of a form.");
  return found;
}

/** Whether fields stand in a row of a list, where there is no room for words beside them. */
const Row = createContext(false);
export const RowProvider = Row.Provider;
export const useRow = (): boolean => useContext(Row);

/**
 * The findings about the value at `path`. Those about a value that has been changed since are left out: whether they
 * still hold is being looked at.
 */
export function useProblems(path: string, value: Json | undefined, isWhole: boolean): Finding[] {
  const { findings } = useForm();
  const judged = useRef({ findings, value });
  if (judged.current.findings !== findings) judged.current = { findings, value };
  if (!isSame(judged.current.value, value)) return [];
  return at(findings, path, isWhole);
}

/** How many findings there are about these members. */
export function useCount(paths: readonly string[]): number {
  const { findings } = useForm();
  return findings.filter((finding) => {
    const place = placeOf(finding);
    return paths.some((path) => place === path || isBelow(place, path));
  }).length;
}
