/** What a model fills in of another node's parameters. Pure. */

import { isObject } from "../../../canvas/summarize.ts";
import type { Json } from "../../../canvas/types.ts";
import type { Control } from "./schema.ts";

/** As it is stored: `apps/ai/nodes/tools/node.py`. */
export type Fill = { [key: string]: Json };

/** The parameters whose findings stand elsewhere, or by which a model would choose who it is. */
const OURS: ReadonlySet<Control["kind"]> = new Set(["credential", "kinds"]);

/** The name of a parameter below `root`, as fills say it: "json.title". Null for what no fill can name. */
export function parameterAt(root: string, path: string): string | null {
  if (!path.startsWith(`${root}.`)) return null;
  const name = path.slice(root.length + 1);
  return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(name) ? name : null;
}

export const isFillable = ({ kind }: Control): boolean => !OURS.has(kind);

export const fillOf = (fills: Json | undefined, parameter: string): Fill | undefined =>
  listOf(fills).find((fill) => fill.parameter === parameter);

/** With a parameter filled in by the model: under its own name, or one that is free. */
export function withFill(fills: Json | undefined, parameter: string): Fill[] {
  const all = listOf(fills);
  if (fillOf(fills, parameter)) return all;
  const taken = new Set(all.map(({ name }) => name));
  const stem = parameter.slice(parameter.lastIndexOf(".") + 1).slice(0, 60);
  let name = stem;
  for (let number = 2; taken.has(name); number++) name = `${stem}_${number}`;
  return [...all, { name, parameter }];
}

export const withoutFill = (fills: Json | undefined, parameter: string): Fill[] =>
  listOf(fills).filter((fill) => fill.parameter !== parameter);

/** With one thing about it changed; what is undefined is left to the default. */
export function fillWith(
  fills: Json | undefined,
  parameter: string,
  name: string,
  value: Json | undefined,
): Fill[] {
  return listOf(fills).map((fill) => {
    if (fill.parameter !== parameter) return fill;
    const { [name]: _before, ...rest } = fill;
    return value === undefined ? rest : { ...rest, [name]: value };
  });
}

const listOf = (fills: Json | undefined): Fill[] => (Array.isArray(fills) ? fills.filter(isObject) : []);
