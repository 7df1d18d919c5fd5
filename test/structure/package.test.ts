// Checks the package that npm users get: the files that bin and exports name exist, the package contains what runs,
// and no dependency has a native addon, an installation script, or an `engines` that needs a newer Node than
// farjal's.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { repositoryFile, sourceFiles } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly engines?: { readonly node?: string };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(repositoryFile(path), "utf8"));
}

const manifest = readJson("package.json") as {
  readonly name: string;
  readonly license: string;
  readonly type: string;
  readonly engines: { readonly node: string };
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: { readonly ".": { readonly types: string; readonly default: string } };
};
const { packages } = readJson("package-lock.json") as {
  readonly packages: Readonly<Record<string, Locked>>;
};
/** Those that users get too. */
const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);

/** A file's path in the forms that read or start it; a folder's path ends in a slash. */
const NAMED = /new URL\(["`](\.[^"`]*[^/"`])["`],\s*import\.meta\.url\)/g;
/** Size of the package in bytes as npm sends it. */
const LARGEST = 640_000;

const USE = `
import { Machine } from "farjal";
import { expectTrace } from "farjal/testing";
const machine = await Machine.create();
const module = await machine.insmod(process.argv[2]);
const tracer = machine.trace();
console.log(module.name, machine.call("work_fibonacci", [10]).v0);
tracer.stop();
expectTrace(tracer).never("work_run");
`;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

function inDist(name: string): string {
  return `dist/${name}`;
}

function run(program: string, words: readonly string[], folder: string): string {
  return execFileSync(program, words, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The package as npm packs it, without a new build. */
function packed(...words: string[]): Packed {
  const output = run("npm", ["pack", "--json", "--ignore-scripts", ...words], repositoryFile("."));
  const [one] = JSON.parse(output) as [Packed];
  return one;
}

suite("the package", () => {
  test("is farjal: MIT, ES modules, Node 20", () => {
    const { name, license, type, engines } = manifest;
    assert.deepEqual(
      { name, license, type, engines },
      { name: "farjal", license: "MIT", type: "module", engines: { node: ">=20" } },
    );
    assert.match(readFileSync(repositoryFile("LICENSE"), "utf8"), /^MIT License/);
  });

  test("its program starts with the line that lets a shell run it", () => {
    const bin = manifest.bin["farjal"];
    assert.ok(bin !== undefined);
    assert.match(readFileSync(repositoryFile(bin), "utf8"), /^#!\/usr\/bin\/env node\n/);
  });

  test("its entry is there with its types, and imports by its own name", async () => {
    const { types, default: entry } = manifest.exports["."];
    assert.ok(existsSync(repositoryFile(types)));
    assert.ok(existsSync(repositoryFile(entry)));
    const name: string = "farjal";
    const farjal = (await import(name)) as object;
    for (const export_ of ["Machine", "readKernel", "readModule", "Refusal", "Misuse"]) {
      assert.ok(export_ in farjal, export_);
    }
  });

  test("contains what runs and nothing else", () => {
    const { files, size } = packed("--dry-run");
    const names = new Set(files.map(({ path }) => path));
    const needed = [
      ...["build/core/little.wasm", "build/core/big.wasm", "LICENSE", "README.md"],
      ...[
        "farjal.cjs",
        "cli.js",
        "worker.js",
        "fits-worker.js",
        "index.js",
        "browser.js",
        "testing.js",
      ].map(inDist),
      ...["host-node.js", "host-browser.js", "page.css", "page.html", "page.js"].map(inDist),
      ...["index.d.ts", "browser.d.ts", "testing.d.ts"].map(inDist),
      ...sourceFiles("src/lab-kernel/built"),
      ...sourceFiles("src/verify/built"),
      ...sourceFiles("src/board/agent/built"),
    ];
    assert.deepEqual(
      needed.filter((file) => !names.has(file)),
      [],
    );
    const tests = [...names].filter((file) => /\btest\b|\.cache|node_modules/.test(file));
    assert.deepEqual(tests, []);
    const useless = [...names].filter((file) => /\.(?:wat|map)$|(?<!\.d)\.ts$/.test(file));
    assert.deepEqual(useless, []);
    assert.ok(size < LARGEST, `${size} bytes packed`);
  });

  test("has every file that its JavaScript names", () => {
    const names = packed("--dry-run").files.map(({ path }) => path);
    const scripts = names.filter((name) => /^dist\/[^/]*\.js$/.test(name));
    const wanted = scripts.flatMap((name) =>
      [...readFileSync(repositoryFile(name), "utf8").matchAll(NAMED)].map(([, path = ""]) => path),
    );
    assert.ok(wanted.length >= 10, wanted.join(" "));
    const missing = wanted.filter((path) => {
      const [before = "", ...others] = join("dist", path).split(/\$\{[^}]*\}/);
      const after = others.at(-1) ?? "";
      return !names.some((name) => {
        return others.length === 0
          ? name === before
          : name.startsWith(before) && name.endsWith(after);
      });
    });
    assert.deepEqual(missing, []);
  });

  const long = thorough ? false : "long: only in a thorough run";
  test("works where npm unpacked it: the command, a sweep's threads, the library and farjal/testing", {
    skip: long,
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), "farjal-package-"));
    try {
      const { filename } = packed("--pack-destination", folder);
      run("tar", ["xzf", filename], folder);
      // Its dependencies are beside it, as npm puts them; the package itself is outside the repository.
      const modules = join(folder, "node_modules");
      mkdirSync(modules);
      renameSync(join(folder, "package"), join(modules, "farjal"));
      for (const name of readdirSync(repositoryFile("node_modules"))) {
        if (name.startsWith(".") || name === "farjal") continue;
        symlinkSync(repositoryFile(`node_modules/${name}`), join(modules, name));
      }
      const command = join(modules, manifest.name, manifest.bin["farjal"] ?? "");
      const ko = repositoryFile("test/modules/built/modern-little.ko");
      const farjal = (...words: string[]) => run(process.execPath, [command, ...words], folder);
      assert.match(farjal("--version"), /^\d+\.\d+\.\d+\n$/);
      assert.match(farjal("demo"), /far jump/);
      mkdirSync(join(folder, "tree"));
      copyFileSync(ko, join(folder, "tree/modern.ko"));
      assert.match(farjal("sweep", "tree"), /^.*1 .*/);
      farjal(
        "trace",
        "tree/modern.ko",
        "--call",
        "work_fibonacci",
        "5",
        "--format",
        "html",
        "-o",
        "a.html",
      );
      assert.match(readFileSync(join(folder, "a.html"), "utf8"), /<html/);
      writeFileSync(join(folder, "use.mjs"), USE);
      assert.equal(run(process.execPath, ["use.mjs", ko], folder), "modern 55\n");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("satisfies publint and attw", { skip: long }, () => {
    const folder = mkdtempSync(join(tmpdir(), "farjal-package-"));
    try {
      const { filename } = packed("--pack-destination", folder);
      const tool = (name: string, ...words: string[]) =>
        run(repositoryFile(`node_modules/.bin/${name}`), [filename, ...words], folder);
      assert.match(tool("publint", "--strict"), /All good!/);
      // The entries that aren't JavaScript have no types.
      const files = [
        "little.wasm",
        "big.wasm",
        "lab-little.o",
        "lab-big.o",
        "agent-little",
        "agent-big",
      ];
      tool("attw", "--profile", "esm-only", "--exclude-entrypoints", ...files);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("has no native addon and runs no script when it is installed", () => {
    assert.ok(shipped.length > 0);
    const native = shipped.filter(
      ([, { hasInstallScript, os, cpu }]) =>
        hasInstallScript === true || os !== undefined || cpu !== undefined,
    );
    assert.deepEqual(
      native.map(([path]) => path),
      [],
    );
    for (const [path] of shipped) {
      const addons = sourceFiles(path).filter((file) => /\.node$|binding\.gyp$/.test(file));
      assert.deepEqual(addons, []);
    }
  });

  test("needs no newer Node than 20", () => {
    const newer = Object.entries(packages).filter(([, { engines }]) => {
      const ranges = (engines?.node ?? "").split("||"); // one of them must include Node 20
      return ranges.every((range) => Number(/>=\s*(\d+)/.exec(range)?.[1] ?? 0) > 20);
    });
    assert.deepEqual(
      newer.map(([path, { engines }]) => `${path} ${engines?.node}`),
      [],
    );
  });
});
