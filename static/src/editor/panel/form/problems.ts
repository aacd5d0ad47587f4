/** What the lint has to say, at the fields it is about. Pure. */

import type { Finding } from "../../../canvas/types.ts";

/** A finding's place inside its node: `nodes[3].params.url` is `params.url`. */
export const placeOf = (finding: Pick<Finding, "path">): string =>
  finding.path.replace(/^(?:nodes|connections)\[\d+\]\.?/, "");

/** The path of a member. */
export const join = (path: string, name: string): string => (path ? `${path}.${name}` : name);

export const isBelow = (path: string, above: string): boolean =>
  path.startsWith(`${above}.`) || path.startsWith(`${above}[`);

/** What belongs to the field at this path. `isWhole`: the field is one for everything inside it, too. */
export function at(findings: readonly Finding[], path: string, isWhole: boolean): Finding[] {
  return findings.filter((finding) => {
    const place = placeOf(finding);
    return place === path || (isWhole && isBelow(place, path));
  });
}

/** How many there are at this path and below it. */
export const countAt = (findings: readonly Finding[], path: string): number =>
  findings.filter((finding) => placeOf(finding) === path || isBelow(placeOf(finding), path)).length;

/** What is wrong, in one line. What is missing needs no name at its own field, least of all the API's. */
export const sentence = ({ code, message, fix }: Pick<Finding, "code" | "message" | "fix">): string =>
  code.endsWith(".missing") ? "This is required." : [message, fix].filter(Boolean).join(" ");
