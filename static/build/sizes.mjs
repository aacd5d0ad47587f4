import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/*
 * What a page, the canvas and the editor weigh, after `npm run build`. Fails when a budget is passed: 250 KB for a page
 * without the canvas (styles, script, icons, the Latin font), 500 KB for the canvas and for the editor with everything
 * they load later. The worker that arranges steps stands apart: it is fetched when there is something to arrange, and
 * nothing on the page waits for it. `--json` says the totals for programs.
 */
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", dist), "utf8"));
const weigh = (file) => {
  const bytes = readFileSync(new URL(file, dist));
  return /\.woff2$/.test(file) ? bytes.length : gzipSync(bytes, { level: 9 }).length;
};

/** The files that come with an entry at once: itself, its styles, what it imports. */
function startOf(key, seen = new Set()) {
  const entry = manifest[key];
  if (!entry || seen.has(key)) return [];
  seen.add(key);
  const imported = (entry.imports ?? []).flatMap((next) => startOf(next, seen));
  return [...new Set([entry.file, ...(entry.css ?? []), ...imported])];
}

/** Those it fetches when they are needed, without those it has. */
function laterOf(key) {
  const seen = new Set();
  const files = [];
  const visit = (name) => {
    if (!manifest[name] || seen.has(name)) return;
    seen.add(name);
    const { imports = [], dynamicImports = [] } = manifest[name];
    for (const next of dynamicImports) files.push(...startOf(next));
    for (const next of [...imports, ...dynamicImports]) visit(next);
  };
  visit(key);
  const first = new Set(startOf(key));
  return [...new Set(files)].filter((file) => !first.has(file));
}

const named = (end) => manifest[Object.keys(manifest).find((key) => key.endsWith(end))].file;
const parts = {
  page: {
    start: [
      ...startOf("src/app.ts"),
      ...startOf("src/theme.ts"),
      manifest["icons.svg"].file,
      named("InterVariable-subset.woff2"),
    ],
    later: [],
    budget: 250,
  },
  canvas: { start: startOf("src/canvas.tsx"), later: laterOf("src/canvas.tsx"), budget: 500 },
  editor: { start: startOf("src/editor.tsx"), later: laterOf("src/editor.tsx"), budget: 500 },
};
const sum = (files) => files.reduce((total, file) => total + weigh(file), 0) / 1000;
const found = Object.entries(parts).map(([name, { start, later, budget }]) => {
  const [atStart, afterwards] = [sum(start), sum(later)];
  return { name, start: atStart, later: afterwards, budget, isOver: atStart + afterwards > budget };
});
const worker = named("elk-worker.min.js");

if (process.argv.includes("--json"))
  console.log(JSON.stringify({ parts: found, worker: weigh(worker) / 1000 }));
else {
  for (const { name, start, later, budget } of found) {
    const total = (start + later).toFixed(1);
    console.log(
      `${name}: ${total} KB of ${budget} KB, ${start.toFixed(1)} at start, ${later.toFixed(1)} later`,
    );
    for (const [when, files] of [
      ["     ", parts[name].start],
      ["later", parts[name].later],
    ])
      for (const file of files)
        console.log(`  ${(weigh(file) / 1000).toFixed(1).padStart(6)} KB  ${when}  ${file}`);
  }
  console.log(`apart, when steps are arranged: ${(weigh(worker) / 1000).toFixed(1)} KB  ${worker}`);
}
if (found.some(({ isOver }) => isOver)) process.exitCode = 1;
