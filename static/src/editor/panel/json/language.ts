/** JSON for CodeMirror, with what is wrong with it. */

import { json, jsonParseLinter } from "@codemirror/lang-json";
import { linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";

export function jsonLanguage(): Extension {
  const parse = jsonParseLinter();
  return [
    json(),
    linter((editor) => (editor.state.doc.toString().trim() === "" ? [] : parse(editor)), { delay: 300 }),
  ];
}
