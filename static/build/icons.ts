import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plugin } from "vite";

/**
 * Icons as one same-origin SVG sprite.
 *
 * Every quoted word in the templates, the Python of the apps and this folder's source that is the name of a
 * Lucide icon gets a `<symbol>`; a new node type therefore brings its icon by naming it, and nothing is listed by
 * hand. The sprite stands in the Vite manifest as `icons.svg`, so `{% vite_asset_url 'icons.svg' %}` finds it.
 */

const root = resolve(import.meta.dirname, "..");
const library = join(root, "node_modules/lucide-static/icons");
const sources: ReadonlyArray<readonly [string, RegExp]> = [
  [resolve(root, "../templates"), /\.html$/],
  [resolve(root, "../apps"), /\.(py|html)$/],
  [join(root, "src"), /\.(ts|tsx)$/],
];
const skipped = new Set(["node_modules", "migrations", "__pycache__", "dist"]);

function* filesIn(folder: string, pattern: RegExp): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) yield* filesIn(path, pattern);
    } else if (pattern.test(entry.name)) yield path;
  }
}

/** The names of all icons used anywhere in the product, sorted. */
export function usedIcons(): string[] {
  const known = new Set(readdirSync(library).map((file) => file.replace(/\.svg$/, "")));
  const used = new Set<string>();
  for (const [folder, pattern] of sources)
    for (const path of filesIn(folder, pattern))
      for (const match of readFileSync(path, "utf8").matchAll(/["'`]([a-z][a-z0-9-]*)["'`]/g)) {
        const name = match[1];
        if (name !== undefined && known.has(name)) used.add(name);
      }
  return [...used].sort();
}

/** The sprite's text: one `<symbol id="name">` per icon, drawn with the current colour by the stylesheet. */
export function sprite(): string {
  const symbols = usedIcons().map((name) => {
    const text = readFileSync(join(library, `${name}.svg`), "utf8");
    const inner = text
      .replace(/<!--.*?-->/gs, "")
      .replace(/^[\s\S]*?<svg[\s\S]*?>/, "")
      .replace(/<\/svg>\s*$/, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, "").replaceAll(" />", "/>")}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

export function icons(): Plugin {
  return {
    name: "agentflow-icons",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url !== "/static/icons.svg") return next();
        response.setHeader("Content-Type", "image/svg+xml");
        response.end(sprite());
      });
    },
    writeBundle(options) {
      const folder = options.dir ?? join(root, "dist");
      const path = join(folder, "manifest.json");
      const manifest = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
      for (const [name, text] of [
        ["icons", sprite()],
        ["favicon", readFileSync(join(root, "src/favicon.svg"), "utf8")],
      ] as const) {
        const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
        const file = `assets/${name}.${hash}.svg`;
        writeFileSync(join(folder, file), text);
        manifest[`${name}.svg`] = { file, src: `${name}.svg` };
      }
      writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
    },
  };
}
