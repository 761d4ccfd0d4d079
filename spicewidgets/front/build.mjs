// Bundles the sources into what the page contains, and the server gives: node build.mjs [file]
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = dirname(fileURLToPath(import.meta.url));
await build({
  absWorkingDir: folder,
  entryPoints: ["src/index.ts"],
  outfile: process.argv[2] ?? join(folder, "../jupyter/voila/templates/spicewidgets/static/front.js"),
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "spice",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  loader: { ".bin": "binary" },
});
