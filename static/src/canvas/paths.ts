/**
 * Paths say where a node run belongs: "" is the workflow itself, `lines[3]/sizes[0]` the first iteration of `sizes`
 * inside the fourth of `lines`. Indexes count from 0, what people read counts from 1.
 */

/** Whether `path` is somewhere inside `outer`, not `outer` itself. */
export function isBelow(path: string, outer: string): boolean {
  return outer === "" ? path !== "" : path.startsWith(`${outer}/`);
}

/** Whether a node run of `nodeId` at this path is an iteration of it rather than a run inside another container. */
export function isIterationOf(path: string, nodeId: string): boolean {
  return path.startsWith(`${nodeId}[`, path.lastIndexOf("/") + 1);
}

export function iterationPath(outer: string, container: string, index: number): string {
  return `${outer === "" ? "" : `${outer}/`}${container}[${index}]`;
}

/** The index of the innermost iteration of a path. */
export function indexOf(path: string): number {
  return Number(path.slice(path.lastIndexOf("[") + 1, -1));
}

/** The path of the level an iteration's container stands on. */
export function outerOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** A path and every path it is inside of, the innermost first, without "". */
export function* upwards(path: string): Generator<string> {
  for (let at = path; at !== ""; at = outerOf(at)) yield at;
}
