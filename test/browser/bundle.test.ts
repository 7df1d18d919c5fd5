// Bundles the library with esbuild under the condition `browser`, and runs the bundle in a context that has no
// require, no process and no Buffer. The test passes the core and the lab kernel as bytes. bundlers.test.ts covers in
// a page what only a browser has: shared memory, which needs two headers, and fetch.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { repositoryFile } from "../support/repository.ts";

const PROGRAM = `
import { Machine, provideResources } from "farjal";
provideResources({ "little.wasm": files.core, "lab-little.o": files.lab });
globalThis.result = (async () => {
  const machine = await Machine.create();
  const module = await machine.insmod(files.module);
  const saved = machine.save();
  machine.restore(saved);
  return { name: module.name, v0: machine.call("work_fibonacci", [10]).v0 };
})();
`;

suite("a bundle for browsers", () => {
  test("needs nothing of Node, loads a module and calls it", async () => {
    const { outputFiles, warnings } = await build({
      stdin: { contents: PROGRAM, resolveDir: repositoryFile(".") },
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      // Chunks name each other in imports without a use. package.json says that these imports do nothing, so the
      // warning can be ignored.
      logOverride: { "ignored-bare-import": "silent" },
      // The URLs of import.meta are for bundles that are modules; here the test passes the files.
      define: { "import.meta.url": '"http://localhost/"' },
    });
    assert.deepEqual(warnings, []);
    const code = outputFiles[0]?.text ?? "";
    assert.doesNotMatch(code, /["']node:/);
    const bytes = (path: string) => new Uint8Array(readFileSync(repositoryFile(path)));
    const context = createContext({
      files: {
        core: bytes("build/core/little.wasm"),
        lab: bytes("src/lab-kernel/built/lab-little.o"),
        module: bytes("test/modules/built/modern-little.ko"),
      },
      ...{ TextEncoder, TextDecoder, URL, ReadableStream, btoa, atob, setTimeout, console },
      ...{ Uint8Array, ArrayBuffer, performance, MessageChannel },
    });
    runInContext(code, context);
    const { name, v0 } = await runInContext("result", context);
    assert.deepEqual([name, v0], ["modern", 55]);
  });
});
