// `npm test`: builds, checks and runs the tests. With a name after `--`, for use by hand, it only builds what is out
// of date and checks nothing; run.ts, which it starts with the same arguments, runs the named tests. Plain
// JavaScript, because it runs before anything is built.

import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CORES = ["build/core/little.wasm", "build/core/big.wasm"];

/** Runs a command, and ends with its exit code when it fails. */
function step(command, ...words) {
  const { status } = spawnSync(command, words, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** Milliseconds of the last change; 0 for a missing file. */
function changed(path) {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isCoreStale() {
  const sources = readdirSync(join(ROOT, "assembly"), { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("assembly", name));
  const newest = Math.max(...[...sources, "asconfig.json", "package-lock.json"].map(changed));
  return Math.min(...CORES.map(changed)) < newest;
}

const words = process.argv.slice(2);
const named = words.some((word, index) => {
  return word === "--name" || word.startsWith("--name=") || isPath(word, words[index - 1]);
});

/** Whether a word is part of a path: not an option and not an option's value. */
function isPath(word, before) {
  return !word.startsWith("-") && !["--without", "--must-run"].includes(before);
}

const core = ["build:little", "build:big"];
const scripts = named
  ? [...(isCoreStale() ? core : []), "build:types"]
  : [...core, "build:types", "check"];
step(process.execPath, join(ROOT, "scripts/together.mjs"), ...scripts);
step(process.execPath, join(ROOT, "build/test/support/run.js"), ...words);
