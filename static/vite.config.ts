import { resolve } from "node:path";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { icons } from "./build/icons.ts";

/*
 * `vite build` writes what Django serves: four entries and the manifest. `vite` (npm run dev) serves
 * src/dev/index.html, pages of samples that never reach dist/.
 * File names carry twelve hexadecimal digits of hash, which WhiteNoise takes for immutable by itself.
 */
export default defineConfig({
  base: "/static/",
  publicDir: false,
  plugins: [tailwindcss(), react(), icons()],
  server: { host: "127.0.0.1", port: 5173, open: false },
  build: {
    outDir: resolve(import.meta.dirname, "dist"),
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0, // The Content-Security-Policy allows no data: fonts.
    rollupOptions: {
      checks: { eval: false }, // htmx has one, behind allowEval, which templates/base.html turns off.
      input: ["src/app.ts", "src/theme.ts", "src/canvas.tsx", "src/editor.tsx"],
      output: {
        hashCharacters: "hex" as const,
        entryFileNames: "assets/[name].[hash:12].js",
        chunkFileNames: "assets/[name].[hash:12].js",
        assetFileNames: "assets/[name].[hash:12][extname]",
      },
    },
  },
  test: { root: import.meta.dirname, include: ["src/**/*.test.ts"], environment: "node" },
});
