// Checks the import lines: which folders each folder of src may import, which types may cross where code may not, and
// which files may use the WebAssembly loader. A new import between folders is a decision, recorded in the tables
// below.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { suite, test } from "node:test";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

/** Folders of src (and single files), each with those it imports: only ones further down, so imports go one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ["index", "report", "sweep", "shards", "html", "host", "bytes"],
  testing: ["compare", "coverage", "dwarf", "ftrace", "host"],
  index: ["browser", "board", "sweep", "fits", "mend-tree", "shards", "verify", "gdb"],
  browser: [
    "board",
    "compare",
    "cost",
    "coverage",
    "profile",
    "measure",
    "explain",
    "observe",
    "oops",
    "dwarf",
    "lab",
    "mend",
    "processor",
    "formats",
    "ftrace",
    "module",
    "trampoline",
    "kernel",
    "elf",
    "host",
    "bytes",
  ],
  report: ["html", "isa", "bytes"],
  verify: [
    "board",
    "sweep",
    "shards",
    "lab",
    "formats",
    "ftrace",
    "kernel",
    "module",
    "trampoline",
    "isa",
    "elf",
    "compression",
    "host",
    "bytes",
  ],
  fits: ["sweep", "shards", "host", "kernel", "module", "trampoline", "elf", "html", "bytes"],
  "mend-tree": ["sweep", "shards", "mend", "module", "host"],
  sweep: ["lab", "dwarf", "shards", "host", "kernel", "module", "trampoline", "elf"],
  explain: ["lab", "ftrace", "module", "trampoline", "elf"],
  coverage: ["dwarf", "isa", "elf", "host", "bytes"],
  profile: ["dwarf", "elf", "host", "bytes"],
  cost: ["measure", "lab", "processor", "ftrace", "module", "trampoline", "isa", "html", "elf"],
  measure: ["lab"],
  oops: ["dwarf", "processor", "kernel", "module", "isa", "elf", "host", "bytes"],
  observe: ["board", "processor", "ftrace", "kernel", "elf", "host", "bytes"],
  gdb: ["processor"],
  board: ["processor", "kernel", "compression", "host", "bytes"],
  compare: ["formats", "ftrace", "host", "bytes"],
  lab: [
    "dwarf",
    "mend",
    "processor",
    "ftrace",
    "module",
    "kernel",
    "trampoline",
    "isa",
    "elf",
    "host",
    "bytes",
  ],
  mend: ["ftrace", "module", "trampoline", "isa", "elf", "bytes"],
  processor: ["translate", "isa", "host", "bytes"],
  formats: ["ftrace", "kernel", "html", "compression", "host", "bytes"],
  ftrace: ["isa", "host", "bytes"],
  module: ["kernel", "trampoline", "isa", "elf", "compression", "host", "bytes"],
  kernel: ["elf", "compression", "host", "bytes"],
  translate: ["bytes"],
  dwarf: ["elf", "compression", "host", "bytes"],
  trampoline: ["isa"],
  isa: [],
  elf: ["bytes"],
  html: ["host", "bytes"],
  compression: ["host", "bytes"],
  host: ["bytes"],
  shards: ["bytes"],
  "checked-json": ["bytes", "errors", "limits"],
  bytes: [],
  hex: ["address"],
  "ordered-list": ["address"],
  extremes: [],
  options: ["errors", "near-names"],
  limits: [],
  "near-names": [],
  address: [],
  errors: [],
};
/** What every folder may import. */
const EVERYWHERE = [
  "hex",
  "ordered-list",
  "extremes",
  "options",
  "near-names",
  "checked-json",
  "address",
  "errors",
  "limits",
  "assembly",
];
/**
 * Types may cross where code may not: types of a value's shape, never of what makes it. Each crossing has its reason,
 * and the list goes when the last import that needs it goes.
 */
const TYPES_ONLY: Readonly<Record<string, readonly string[]>> = {
  // What was observed is a trace, and a profile.
  observe: ["formats", "profile"],
  // The public entry exports the types of what its classes return: translations.
  browser: ["translate"],
  // The cost of a call is counted while it is traced.
  cost: ["formats"],
  coverage: ["lab", "module"],
  testing: ["lab"],
  profile: ["lab", "module"],
  // What is measured is a lab's module: its processor's counts, its sites, its trampolines.
  measure: ["processor", "ftrace", "module", "trampoline"],
  // What a kernel's tracer has recorded is a value that the formats read.
  board: ["formats"],
  // It shows words in the module's byte order, and what mend would change.
  explain: ["bytes", "mend"],
  // Tracing follows the rules of a kernel, which others choose.
  ftrace: ["kernel"],
  // Reports use the types of what they show, and run none of its code.
  oops: ["trampoline"],
  report: [
    "compare",
    "cost",
    "coverage",
    "profile",
    "measure",
    "fits",
    "mend-tree",
    "sweep",
    "verify",
    "explain",
    "oops",
    "dwarf",
    "lab",
    "mend",
    "processor",
    "ftrace",
    "module",
    "kernel",
    "trampoline",
    "bytes",
  ],
};
/** The files of assembly/shared that each folder of src may read: the protocols that it takes part in. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  board: ["cpu-state", "memory-map", "stops"],
  cost: ["relocation-types"],
  dwarf: ["relocation-types"],
  elf: ["relocation-types"],
  explain: ["relocation-types"],
  ftrace: ["memory-map", "opcodes", "trace-ring"],
  gdb: ["memory-map", "opcodes"],
  isa: ["opcodes"],
  lab: ["cpu-state", "memory-map", "opcodes", "stops", "trace-ring"],
  mend: ["opcodes", "relocation-types"],
  module: ["memory-map", "opcodes", "relocation", "relocation-types"],
  observe: ["memory-map"],
  oops: ["opcodes"],
  processor: [
    "cpu-state",
    "execution-counts",
    "marks",
    "memory-map",
    "opcodes",
    "page-tables",
    "stops",
    "trace-ring",
    "translated-code",
    "watches",
  ],
  trampoline: ["opcodes"],
  translate: [
    "cpu-state",
    "emitted-code",
    "execution-counts",
    "memory-map",
    "opcodes",
    "trace-ring",
    "translated-code",
    "wasm-opcodes",
  ],
  verify: ["memory-map"],
};
/** Folders of assembly, each above those that it may import. */
const ASSEMBLY = [
  "index",
  "interpreter",
  "readings",
  "instructions",
  "tracing",
  "system",
  "relocation",
  "memory",
  "cpu",
  "shared",
];
const MEMORY_MAP = "assembly/shared/memory-map.ts";
/** The one file that imports each package; the others may be imported anywhere in their folder. */
const PACKAGES: Readonly<Record<string, string>> = {
  "@assemblyscript/loader": "src/processor/wasm-core.ts",
  commander: "src/cli/",
  tinybench: "src/measure/",
  tinypool: "src/sweep/pool.ts",
  "cli-progress": "src/cli/progress.ts",
  picocolors: "src/cli/",
  "fastest-levenshtein": "src/near-names.ts",
  "xz-decompress": "src/compression/xz.ts",
  pako: "src/host/browser.ts",
  "@noble/hashes/sha2": "src/host/browser.ts",
};

/** `#host` is Node's host or a browser's, depending on who imports the package; here it counts as Node's. */
const HOST = "src/host/node.ts";
/** The files and folders that run in Node only, and may import its modules; the rest runs in a browser too. */
const NODE_ONLY = [
  HOST,
  "src/host/path-kind.ts",
  "src/host/temporary-name.ts",
  "src/cli/",
  "src/sweep/",
  "src/fits/",
  "src/mend-tree/",
  "src/verify/",
  "src/gdb/",
  "src/host/file-cache.ts",
  "src/host/version.ts",
  "src/testing.ts",
  "src/compare/golden.ts",
];

interface Import {
  readonly file: string;
  /** A path from the repository's root, or a package's name. */
  readonly target: string;
  readonly relative: boolean;
  readonly typeOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^;"']*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"/g;

function importsOf(file: string, text: string): Import[] {
  const found = (typeOnly: boolean, specifier: string): Import => {
    if (specifier === "#host") return { file, target: HOST, relative: true, typeOnly };
    const relative = specifier.startsWith(".");
    const target = relative ? posix.join(posix.dirname(file), specifier) : specifier;
    return { file, target, relative, typeOnly };
  };
  return [
    ...[...text.matchAll(STATEMENT)].map(([, type, name]) => found(type !== undefined, name ?? "")),
    ...[...text.matchAll(DYNAMIC)].map(([, name]) => found(false, name ?? "")),
  ];
}

/** "src/elf/reader.ts" belongs to "elf", "src/hex.ts" to "hex", "assembly/shared/memory-map.ts" to "assembly". */
function folderOf(path: string): string {
  const [top, folder = ""] = path.split("/");
  return top === "src" ? folder.replace(/\.ts$/, "") : (top ?? "");
}

/** The same within assembly: "assembly/cpu/cpu.ts" belongs to "cpu". */
function roomOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.ts$/, "");
}

const source = (file: string) => readFileSync(repositoryFile(file), "utf8");
const files = (folder: string) => sourceFiles(folder).filter((file) => file.endsWith(".ts"));
const imports = [...files("src"), ...files("assembly")].flatMap((file) =>
  importsOf(file, source(file)),
);

suite("imports", () => {
  test("are found in every form", () => {
    const text = [
      'import a, { type B } from "./a.ts";',
      'import type { C } from "../c.ts";',
      'export {\n  d,\n} from "d";',
      'import "./e.ts";',
      'const f = await import("./f.ts");',
    ].join("\n");
    const read = importsOf("src/x/y.ts", text);
    assert.deepEqual(
      read.map(({ target, typeOnly }) => [target, typeOnly]),
      [
        ["src/x/a.ts", false],
        ["src/c.ts", true],
        ["d", false],
        ["src/x/e.ts", false],
        ["src/x/f.ts", false],
      ],
    );
  });

  test("the table's arrows all point down", () => {
    const order = Object.keys(MAY_IMPORT);
    for (const [folder, others] of Object.entries(MAY_IMPORT)) {
      for (const other of others) {
        assert.ok(order.indexOf(other) > order.indexOf(folder), `${folder} -> ${other}`);
      }
    }
  });

  test("go one way through src", () => {
    const wrong = imports.filter(({ file, target, relative, typeOnly }) => {
      const from = folderOf(file);
      const to = folderOf(target);
      if (!relative || !file.startsWith("src/") || from === to) return false;
      const allowed = [
        ...EVERYWHERE,
        ...(MAY_IMPORT[from] ?? []),
        ...(typeOnly ? (TYPES_ONLY[from] ?? []) : []),
      ];
      return !allowed.includes(to);
    });
    assert.deepEqual(wrong.map(said), []);
  });

  test("cross as types only where a type does", () => {
    const crossings = Object.entries(TYPES_ONLY).flatMap(([from, others]) =>
      others.map((to) => `${from} -> ${to}`),
    );
    assert.ok(crossings.length > 0);
    const used = new Set(
      imports
        .filter(({ file, typeOnly }) => typeOnly && file.startsWith("src/"))
        .map(({ file, target }) => `${folderOf(file)} -> ${folderOf(target)}`),
    );
    assert.deepEqual(
      crossings.filter((one) => !used.has(one)),
      [],
    );
  });

  test("a folder of src reads the shared files of its protocols", () => {
    const read = new Map<string, Set<string>>();
    for (const { file, target } of imports) {
      const [, name] = target.match(/^assembly\/shared\/(.+)\.ts$/) ?? [];
      if (name === undefined || !file.startsWith("src/")) continue;
      const folder = folderOf(file);
      read.set(folder, (read.get(folder) ?? new Set()).add(name));
    }
    const found = [...read].map(([folder, names]) => [folder, [...names].sort()]);
    assert.deepEqual(Object.fromEntries(found.sort()), SHARED);
  });

  test("every folder of src is in the table", () => {
    const folders = new Set(files("src").map(folderOf));
    assert.deepEqual([...folders].sort(), [...Object.keys(MAY_IMPORT).sort()]);
  });

  test("assembly imports nothing but assembly", () => {
    const wrong = imports.filter(
      ({ file, target, relative }) =>
        file.startsWith("assembly/") && !(relative && folderOf(target) === "assembly"),
    );
    assert.deepEqual(wrong.map(said), []);
  });

  test("go one way through assembly", () => {
    const wrong = imports.filter(({ file, target }) => {
      if (!file.startsWith("assembly/")) return false;
      const from = roomOf(file);
      const to = roomOf(target);
      return from !== to && ASSEMBLY.indexOf(to) <= ASSEMBLY.indexOf(from);
    });
    assert.deepEqual(wrong.map(said), []);
    const rooms = new Set(files("assembly").map(roomOf));
    assert.deepEqual([...rooms].sort(), [...ASSEMBLY].sort());
  });

  test("no files form a circle, types included", () => {
    for (const top of ["src", "assembly"]) {
      const graph = importGraph(top);
      assert.ok(graph.size > 20, top);
      assert.ok(
        [...graph.values()].some((targets) => targets.length > 0),
        top,
      );
      assert.deepEqual(circles(graph), [], top);
    }
  });

  test("a circle is found, and a file that imports itself", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", ["a"]],
      ["d", ["d"]],
      ["e", ["a", "d"]],
    ]);
    assert.deepEqual(circles(graph), [["a", "b", "c"], ["d"]]);
  });

  test("src imports only constants of assembly, which import only the memory map", () => {
    const read = new Set(
      imports
        .filter(({ file, target }) => file.startsWith("src/") && target.startsWith("assembly/"))
        .map(({ target }) => target),
    );
    assert.ok(read.size > 0);
    const shared = files("assembly/shared");
    assert.deepEqual(
      [...read].filter((file) => !shared.includes(file)),
      [],
    );
    const wrong = imports.filter(
      ({ file, target }) => shared.includes(file) && (target !== MEMORY_MAP || file === MEMORY_MAP),
    );
    assert.deepEqual(wrong.map(said), []);
    for (const file of shared) {
      const statements = source(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      const others = statements
        .split(";")
        .filter(
          (one) =>
            one.trim() !== "" && !/^\s*(export const [A-Z][A-Z0-9_]* = |import \{)/.test(one),
        );
      assert.deepEqual(others, [], file);
    }
  });

  test("a package is imported only where the table says", () => {
    const wrong = imports.filter(({ file, target, relative }) => {
      if (relative || builtinModules.includes(target.replace(/^node:/, ""))) return false;
      const place = PACKAGES[target];
      return place === undefined || !file.startsWith(place);
    });
    assert.deepEqual(wrong.map(said), []);
  });

  test("Node's own modules are named with node:, and imported where the list says", () => {
    const wrong = imports.filter(({ target }) => builtinModules.includes(target));
    assert.deepEqual(wrong.map(said), []);
    const ofNode = imports.filter(({ target }) => target.startsWith("node:"));
    assert.deepEqual(ofNode.filter(({ file }) => !isOfNode(file)).map(said), []);
    for (const place of NODE_ONLY) {
      assert.ok(
        ofNode.some(({ file }) => file.startsWith(place)),
        `${place} needs nothing of Node`,
      );
    }
  });

  test("Node's globals are used where the list says", () => {
    const users = files("src").filter((file) =>
      /\bBuffer\.|\bprocess\.(?:env|pid|std|on)|\bsetImmediate\(|\bNodeJS\./.test(source(file)),
    );
    assert.ok(users.length > 0);
    assert.deepEqual(
      users.filter((file) => !isOfNode(file)),
      [],
    );
  });
});

function isOfNode(file: string): boolean {
  return NODE_ONLY.some((place) => file.startsWith(place));
}

function said({ file, target, typeOnly }: Import): string {
  return `${file} imports ${typeOnly ? "types of " : ""}${target}`;
}

/** Which files of a folder import which others there, as code or as types. */
function importGraph(top: string): Map<string, string[]> {
  const graph = new Map<string, string[]>(files(top).map((file) => [file, []]));
  for (const { file, target } of imports) {
    // A re-export of assembly/index.ts has no extension.
    const path = graph.has(target) ? target : `${target}.ts`;
    if (graph.has(path)) graph.get(file)?.push(path);
  }
  return graph;
}

/** The sets of nodes that reach one another, each sorted: Tarjan's strongly connected components of more than one node. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): number => {
    let lowest = order.size;
    order.set(node, lowest);
    open.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) lowest = Math.min(lowest, visit(next));
      else if (open.includes(next)) lowest = Math.min(lowest, order.get(next) ?? 0);
    }
    if (lowest === order.get(node)) {
      const circle = open.splice(open.indexOf(node));
      if (circle.length > 1 || graph.get(node)?.includes(node)) found.push(circle.sort());
    }
    return lowest;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}
