/** What can be written in an expression, as the server says it. Asked for once. */

import type { Json } from "../../canvas/types.ts";
import { ask } from "../api.ts";

export interface FunctionEntry {
  name: string;
  group: string;
  signature: string;
  doc: string;
  example: string;
  /** What the example gives. */
  result: Json;
  /** The types that may stand before the dot. */
  takes: string[];
  /** Its names after a dot. */
  methods: string[];
  /** Its names that stand alone. */
  globals: string[];
}

export interface Language {
  roots: { name: string; doc: string }[];
  functions: FunctionEntry[];
}

export const NO_LANGUAGE: Language = { roots: [], functions: [] };
const ADDRESS = "/api/v1/app/expression-language/";

let asking: Promise<Language> | undefined;
let known = NO_LANGUAGE;

/** The language as far as it has been asked for. */
export const languageNow = (): Language => known;

/** The language; an empty one where the server does not answer, which is asked again the next time. */
export function loadLanguage(): Promise<Language> {
  asking ??= ask<Language>("GET", ADDRESS).then(
    (found) => {
      known = found;
      return found;
    },
    () => {
      asking = undefined;
      return NO_LANGUAGE;
    },
  );
  return asking;
}
