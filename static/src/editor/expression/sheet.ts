/**
 * Where CodeMirror puts its styles. By itself it writes a `<style>` element, which the Content-Security-Policy refuses;
 * below a shadow root it uses a constructed sheet, which needs no exception. The document can hold such a sheet as
 * well, so the document is given what a shadow root would be given.
 */

import { StyleModule } from "style-mod";

let isDone = false;

/** Call before the first editor is made. */
export function adoptStyles(): void {
  if (isDone) return;
  isDone = true;
  const root = { ownerDocument: document, adoptedStyleSheets: [] as CSSStyleSheet[] };
  StyleModule.mount(root as unknown as ShadowRoot, []);
  for (const key of Object.getOwnPropertySymbols(root))
    Object.defineProperty(document, key, { value: Reflect.get(root, key) });
}
