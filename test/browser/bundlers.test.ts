// Bundles a page that uses farjal with esbuild, Vite and webpack, each set up as its users do, and runs it in
// Chromium. The page fetches the core and the lab kernel, loads a module and calls it. The server sends the two
// headers without which a browser has no shared memory.

import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { build as esbuild } from "esbuild";
import { chromiumSkip, withPage } from "../support/chromium.ts";
import { repositoryFile } from "../support/repository.ts";

const USE = `
async function use() {
  const bytes = new Uint8Array(await (await fetch("modern.ko")).arrayBuffer());
  const machine = await Machine.create();
  const module = await machine.insmod(bytes);
  const tracer = machine.trace();
  const { v0 } = machine.call("work_fibonacci", [10]);
  tracer.stop();
  return module.name + " " + v0 + " " + machine.tracefs("trace").includes("work_fibonacci");
}
use().then((said) => { document.title = said; }, (error) => { document.title = String(error); });
`;
/** The bundler copies the files and gives their addresses. */
const HANDED_IN = (query: string) => `
import { Machine, provideResources } from "farjal";
import core from "farjal/little.wasm${query}";
import lab from "farjal/lab-little.o${query}";
provideResources({ "little.wasm": core, "lab-little.o": lab });
${USE}`;
/** The bundler finds the files itself, in farjal's `new URL("…", import.meta.url)`. */
const FOUND = `
import { Machine } from "farjal";
${USE}`;
/** The program in docs/node.md. */
const [, DOCUMENTED = ""] =
  /^```javascript\n(import \{ Machine \}[^`]*document\.title[\s\S]*?)\n```$/m.exec(
    readFileSync(repositoryFile("docs/node.md"), "utf8"),
  ) ?? [];
const PAGE = '<!doctype html><title>wait</title><script type="module" src="./app.js"></script>';
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** The parts of them that the test uses. Their own declarations need the DOM's, which this build doesn't have. */
interface Vite {
  build(options: object): Promise<unknown>;
}
interface Webpack {
  default(
    options: object,
    done: (error: Error | null, stats: { hasErrors(): boolean; toString(): string }) => void,
  ): void;
}

async function bundler<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}

async function buildWithVite(folder: string): Promise<void> {
  const { build } = await bundler<Vite>("vite");
  await build({
    root: folder,
    configFile: false,
    logLevel: "silent",
    build: { outDir: "out", emptyOutDir: true, target: "esnext" },
  });
}

/** Makes a project with farjal in node_modules. @returns its folder. */
function project(root: string, name: string, app: string): string {
  const folder = join(root, name);
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(repositoryFile("."), join(folder, "node_modules/farjal"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "app.js"), app);
  writeFileSync(join(folder, "index.html"), PAGE);
  mkdirSync(join(folder, "out"));
  writeFileSync(join(folder, "out/index.html"), PAGE);
  return folder;
}

function served(folder: string): Promise<Server> {
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = join(folder, pathname === "/" ? "index.html" : pathname);
    try {
      const bytes = readFileSync(path);
      response.writeHead(200, {
        "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

async function said(folder: string): Promise<string> {
  copyFileSync(repositoryFile("test/modules/built/modern-little.ko"), join(folder, "modern.ko"));
  const server = await served(folder);
  try {
    const { port } = server.address() as AddressInfo;
    return await withPage(`http://127.0.0.1:${port}/`, async ({ page, errors }) => {
      await page.waitForFunction('document.title !== "wait"');
      return [await page.title(), ...errors.filter((error) => !/404/.test(error))].join("\n");
    });
  } finally {
    server.close();
  }
}

suite("farjal in a page", { skip: chromiumSkip }, () => {
  let root = "";
  before(() => {
    root = mkdtempSync(join(tmpdir(), "farjal-bundlers-"));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  test("that esbuild bundled", async () => {
    const folder = project(root, "esbuild", HANDED_IN(""));
    await esbuild({
      entryPoints: [join(folder, "app.js")],
      outdir: join(folder, "out"),
      bundle: true,
      format: "esm",
      loader: { ".wasm": "file", ".o": "file" },
      logLevel: "silent",
    });
    assert.equal(await said(join(folder, "out")), "modern 55 true");
  });

  test("that Vite bundled, as docs/node.md has it", async () => {
    const folder = project(root, "documented", DOCUMENTED);
    await buildWithVite(folder);
    assert.equal(await said(join(folder, "out")), "modern 55");
  });

  for (const [how, app] of [
    ["its files by ?url", HANDED_IN("?url")],
    ["its files found", FOUND],
  ] as const) {
    test(`that Vite bundled, ${how}`, async () => {
      const folder = project(root, `vite ${how}`.replace(/\W+/g, "-"), app);
      await buildWithVite(folder);
      assert.equal(await said(join(folder, "out")), "modern 55 true");
    });
  }

  for (const [how, app] of [
    ["its files as assets", HANDED_IN("")],
    ["its files found", FOUND],
  ] as const) {
    test(`that webpack bundled, ${how}`, async () => {
      const folder = project(root, `webpack ${how}`.replace(/\W+/g, "-"), app);
      const { default: webpack } = await bundler<Webpack>("webpack");
      await new Promise<void>((resolve, reject) => {
        webpack(
          {
            mode: "production",
            optimization: { minimize: false }, // minimizing takes a minute and doesn't test farjal
            context: folder,
            entry: "./app.js",
            output: { path: join(folder, "out"), filename: "app.js" },
            module: { rules: [{ test: /\.(?:wasm|o)$/, type: "asset/resource" }] },
          },
          (error, stats) => {
            if (error !== null) reject(error);
            else if (stats.hasErrors()) reject(new Error(stats.toString()));
            else resolve();
          },
        );
      });
      assert.equal(await said(join(folder, "out")), "modern 55 true");
    });
  }
});
