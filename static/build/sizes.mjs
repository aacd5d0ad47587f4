import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/*
 * What a page and the canvas weigh, after `npm run build`. Fails when a budget is passed: 250 KB for a page without
 * the canvas (styles, script, icons, the Latin font), 500 KB for the canvas with everything it loads later.
 */
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", dist), "utf8"));
const weigh = (file) => {
  const bytes = readFileSync(new URL(file, dist));
  return /\.woff2$/.test(file) ? bytes.length : gzipSync(bytes, { level: 9 }).length;
};

/** The files an entry needs: itself, its styles, what it imports now and later. */
function filesOf(key, seen = new Set()) {
  const entry = manifest[key];
  if (!entry || seen.has(key)) return [];
  seen.add(key);
  const imported = [...(entry.imports ?? []), ...(entry.dynamicImports ?? [])].flatMap((next) =>
    filesOf(next, seen),
  );
  return [...new Set([entry.file, ...(entry.css ?? []), ...imported])];
}

const font = Object.keys(manifest).find((key) => key.endsWith("InterVariable-subset.woff2"));
const parts = {
  page: {
    files: [
      ...filesOf("src/app.ts"),
      ...filesOf("src/theme.ts"),
      manifest["icons.svg"].file,
      manifest[font].file,
    ],
    budget: 250,
  },
  canvas: { files: filesOf("src/canvas.tsx"), budget: 500 },
};
for (const [name, { files, budget }] of Object.entries(parts)) {
  const total = files.reduce((sum, file) => sum + weigh(file), 0) / 1000;
  console.log(`${name}: ${total.toFixed(1)} KB of ${budget} KB`);
  for (const file of files) console.log(`  ${(weigh(file) / 1000).toFixed(1).padStart(6)} KB  ${file}`);
  if (total > budget) process.exitCode = 1;
}
