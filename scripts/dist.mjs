// Makes dist/, the part of build/ that the npm package contains: the JavaScript that the package's entries reach,
// bundled and minified, with their common code in chunks; their declarations; the parts of a trace's HTML page; and the
// files that the documents' examples name.
// All files are in one folder, so a path relative to a source file is rewritten relative to dist/. Dependencies stay
// imports, and #host becomes #dist-host, which package.json maps to a file for Node and to one for browsers.

import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transformSync } from "esbuild";
import { rollup } from "rollup";
import dts from "rollup-plugin-dts";

const root = fileURLToPath(new URL("..", import.meta.url));
const from = join(root, "build/src");
const to = join(root, "dist");
/** The package's files in dist/, and the files they are made from. */
const ENTRIES = {
  index: "index.js",
  browser: "browser.js",
  testing: "testing.js",
  cli: "cli/index.js",
  worker: "sweep/worker.js",
  "fits-worker": "fits/worker.js",
  "mend-worker": "mend-tree/worker.js",
  "host-node": "host/node.js",
  "host-browser": "host/browser.js",
};
/** The entries whose declarations the package contains. */
const DECLARED = ["index", "browser", "testing"];
/** The files that the documents' examples name, and where they are built and tested; `farjal demo --files` writes them. */
const EXAMPLES = {
  "old.ko": "test/modules/built/jal2009-little.ko",
  "modern.ko": "test/modules/built/modern-little.ko",
  "plain.ko": "test/modules/built/plain-little.ko",
  "card.ko": "test/modules/built/card-little.ko",
  "debug.ko": "test/modules/built/debug-little.ko",
  "work.c": "test/modules/work.c",
  "console.log": "test/oops/transcripts/null.txt",
  "modules/faulty.ko": "test/oops/built/little/faulty.ko",
};
/** Node prints the whole line in which an error was thrown. */
const LINE_LIMIT = 240;
/** Where a line longer than that limit may be broken. Bundlers look for whole paths, so a path is never broken. */
const BROKEN = /(?<!\\)((?:\\\\)*)\\\n/g;
/** esbuild names a chunk by a hash, which doesn't compress; thousands of imports repeat it. */
const CHUNK = /chunk-[A-Z0-9]{8}/g;
const DECLARATION = ".d.ts";
const PAGE = ["page.css", "page.html", "page.js"];
/** A string or template with a path that names a file of the package at run time. */
const URLS = /(new URL\(\s*)(["`])(\.[^"`]*)\2/g;
/** The same in the script that isn't bundled. */
const IMPORTS = /((?:require|import)\()(["])(\.[^"]*)\2/g;
/** An export of another file's names, and an import of names, as tsc writes them. */
const REEXPORTS = /^export (\*|\{[^}]*\}) from "([^"]+)";$/gm;
const IMPORTED = /^import \{([^}]*)\} from "([^"]+)";$/gm;

/** The text of a file with its paths rewritten relative to dist/. */
function placed(file, paths) {
  return readFileSync(file, "utf8").replaceAll(paths, (_, before, quote, path) => {
    const target = join(dirname(file), path);
    const entry = Object.keys(ENTRIES).find((name) => join(from, ENTRIES[name]) === target);
    const own = entry === undefined ? relative(to, target) || "." : `./${entry}.js`;
    const slash = path.endsWith("/") && !own.endsWith("/") ? "/" : "";
    return `${before}${quote}${own}${slash}${quote}`;
  });
}

/** For each name that a file exports of others: the file it exports it from, and its name there. */
function origins(file) {
  const found = new Map();
  for (const [, names, path] of readFileSync(file, "utf8").matchAll(REEXPORTS)) {
    const target = resolve(dirname(file), path);
    if (names === "*") for (const [name, origin] of origins(target)) found.set(name, origin);
    for (const [there, here = there] of pairs(names)) found.set(here, { target, there });
  }
  return found;
}

/** The names of an import's or export's braces: [before "as", after it]. */
function pairs(names) {
  return [...names.matchAll(/(\w+)(?: as (\w+))?/g)].map(([, name, as]) => [name, as]);
}

/**
 * The library's own files import from its index.js. esbuild would load all that index.js exports with each such file,
 * so the bundle imports each name from the file that declares it.
 */
function direct(text, file, index, declared) {
  return text.replaceAll(IMPORTED, (statement, names, path) => {
    if (resolve(dirname(file), path) !== index) return statement;
    return pairs(names)
      .map(([name, here = name]) => [here, declared.get(name)])
      .map(([here, { target, there }]) => `import { ${there} as ${here} } from "${target}";`)
      .join(" ");
  });
}

const paths = {
  name: "paths",
  setup({ onLoad, onResolve }) {
    const index = join(from, ENTRIES.index);
    const declared = origins(index);
    onResolve({ filter: /^#host$/ }, () => ({ path: "#dist-host", external: true }));
    onLoad({ filter: /\.js$/ }, ({ path }) => ({
      contents: direct(placed(path, URLS), path, index, declared),
    }));
  },
};

async function program() {
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, path]) => [name, join(from, path)]),
    ),
    outdir: to,
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    minify: true,
    lineLimit: LINE_LIMIT,
    format: "esm",
    platform: "node",
    target: "es2022",
    packages: "external",
    legalComments: "inline",
    plugins: [paths],
    write: false,
  });
  const numbers = new Map();
  const numbered = (text) =>
    text.replaceAll(CHUNK, (name) => {
      if (!numbers.has(name)) numbers.set(name, `chunk-${numbers.size + 1}`);
      return numbers.get(name);
    });
  for (const { path, text } of outputFiles) {
    writeFileSync(numbered(path), numbered(text.replaceAll(BROKEN, "$1")));
  }
  const command = join(from, "cli/farjal.cjs");
  writeFileSync(join(to, "farjal.cjs"), placed(command, IMPORTS));
}

/** Minifies a file according to its kind; the page's HTML is small and stays unchanged. */
function page() {
  for (const name of PAGE) {
    const text = readFileSync(join(root, "src/formats/page", name), "utf8");
    const loader = name.slice(name.lastIndexOf(".") + 1);
    const { code } =
      loader === "html" ? { code: text } : transformSync(text, { loader, minify: true });
    writeFileSync(join(to, name), code);
  }
}

function examples() {
  for (const [name, source] of Object.entries(EXAMPLES)) {
    const file = join(to, "examples", name);
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(join(root, source), file);
  }
}

/** The declarations that an entry's imports lead to. */
function reached(file, seen) {
  if (seen.has(file)) return;
  const text = readFileSync(file, "utf8");
  seen.set(file, text);
  for (const [, path] of text.matchAll(/(?:from |import\()\s*"(\.[^"]+)"/g)) {
    reached(resolve(dirname(file), path).replace(/\.[jt]s$/, ".d.ts"), seen);
  }
}

/** They take seconds, so they are made again only when one has changed. */
async function declarations() {
  const seen = new Map();
  const input = Object.fromEntries(
    DECLARED.map((name) => [name, join(from, `${name}${DECLARATION}`)]),
  );
  for (const file of Object.values(input)) reached(file, seen);
  const hash = createHash("sha256")
    .update([...seen.values()].join("\0"))
    .digest("hex");
  const stamp = join(root, "build/declarations.sha256");
  const made = DECLARED.every((name) => existsSync(join(to, `${name}${DECLARATION}`)));
  if (made && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  clear((name) => name.endsWith(DECLARATION));
  const bundle = await rollup({ input, plugins: [dts()], external: [/^node:/, /^[@a-z#]/] });
  await bundle.write({
    dir: to,
    format: "es",
    entryFileNames: "[name].d.ts",
    chunkFileNames: "shared-[hash].d.ts",
  });
  writeFileSync(stamp, hash);
}

function clear(goes) {
  for (const name of readdirSync(to).filter(goes)) rmSync(join(to, name), { recursive: true });
}

mkdirSync(to, { recursive: true });
clear((name) => !name.endsWith(DECLARATION));
await program();
page();
examples();
await declarations();
