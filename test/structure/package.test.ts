// The package as npm users get it: what bin and exports name exists, what is packed is what runs, and no
// dependency brings a native addon, a script at installation, or the need for a Node newer than engines
// says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

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

  test("packs what runs and nothing else", () => {
    const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: repositoryFile("."),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
    const packed = new Set(files.map(({ path }) => path));
    const needed = [
      ...["build/core/little.wasm", "build/core/big.wasm", "LICENSE", "README.md"],
      ...sourceFiles("assembly/shared").map((file) => `dist/${file.slice(0, -3)}.js`),
      ...sourceFiles("src/lab-kernel/built"),
      ...sourceFiles("src/verify/built"),
      ...sourceFiles("src")
        .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
        .map((file) => `dist/${file.slice(0, -3)}.js`),
    ];
    assert.deepEqual(
      needed.filter((file) => !packed.has(file)),
      [],
    );
    const tests = [...packed].filter((file) => /\btest\b|\.cache|node_modules/.test(file));
    assert.deepEqual(tests, []);
    const useless = [...packed].filter((file) => /\.(?:wat|map)$/.test(file));
    assert.deepEqual(useless, []);
  });

  test("brings no native addon and runs no script when it is installed", () => {
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

  test("needs nothing that needs more than Node 20", () => {
    const newer = Object.entries(packages).filter(([, { engines }]) => {
      const ranges = (engines?.node ?? "").split("||"); // one of them has to hold
      return ranges.every((range) => Number(/>=\s*(\d+)/.exec(range)?.[1] ?? 0) > 20);
    });
    assert.deepEqual(
      newer.map(([path, { engines }]) => `${path} ${engines?.node}`),
      [],
    );
  });
});
