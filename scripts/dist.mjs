// Makes dist/, the part of the package that npm users get of build/: each JavaScript file minified where it is
// (comments are half of the text), and of the declarations those that the package's entries reach. Nothing moves:
// dist/src/x.js is build/src/x.js, so that relative paths and stack traces mean the same.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const from = join(root, "build");
const to = join(root, "dist");
/** Whose declarations users see. */
const ENTRIES = ["src/index.d.ts", "src/browser.d.ts", "src/testing.d.ts"];
/** Stack traces name lines, so a file isn't one line. */
const LINE_LIMIT = 100;

function write(path, text) {
  mkdirSync(dirname(join(to, path)), { recursive: true });
  writeFileSync(join(to, path), text);
}

function minified(text, format) {
  const { code } = transformSync(text, {
    minify: true,
    lineLimit: LINE_LIMIT,
    target: "es2022",
    format,
    legalComments: "inline",
  });
  return code;
}

/** The declarations that an entry's imports lead to. */
function reached(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(join(from, path), "utf8");
  for (const [, specifier] of text.matchAll(/(?:from |import\()\s*"(\.[^"]+)"/g)) {
    reached(join(dirname(path), specifier).replace(/\.[jt]s$/, ".d.ts"), seen);
  }
  return seen;
}

rmSync(to, { recursive: true, force: true });
for (const folder of ["src", "assembly"]) {
  for (const name of readdirSync(join(from, folder), { recursive: true })) {
    const path = join(folder, name);
    const text = () => readFileSync(join(from, path), "utf8");
    if (path.endsWith(".js")) write(path, minified(text(), "esm"));
    else if (path.endsWith(".cjs")) write(path, text());
  }
}
for (const path of new Set(ENTRIES.flatMap((entry) => [...reached(entry)]))) {
  write(path, readFileSync(join(from, path), "utf8"));
}
const { type, imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const own = JSON.parse(JSON.stringify(imports).replaceAll("./build/", "./"));
const sideEffects = ["./src/cli/*", "./src/sweep/worker.js"];
write("package.json", `${JSON.stringify({ type, imports: own, sideEffects }, null, 2)}\n`);
