// Runs the built program with a user's arguments, and returns its streams and its exit code. In .ci/run each run is a
// process of its own, as a user's is. In a quick run of the tests, the program stays loaded in a thread, and a
// process is started only for what a thread lacks: standard input and an environment.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";
import type { Order } from "./program-thread.ts";

export const PROGRAM = repositoryFile("dist/farjal.cjs");
export const ORDERS = ["little", "big"] as const;

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly input?: Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One of the built modules of test/modules. */
export function builtModule(name: string, order: "little" | "big"): string {
  return repositoryFile(`test/modules/built/${name}-${order}.ko`);
}

/** A run that takes longer counts as a hang and fails. */
const MINUTE = 60_000;
let thread: Worker | undefined;

function inThread(words: readonly string[]): Outcome {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...environment } = process.env;
  thread ??= new Worker(new URL("./program-thread.js", import.meta.url));
  thread.unref();
  const done = new SharedArrayBuffer(4);
  const { port1, port2 } = new MessageChannel();
  const order: Order = { words, environment, done, port: port2 };
  thread.postMessage(order, [port2]);
  assert.notEqual(Atomics.wait(new Int32Array(done), 0, 0, MINUTE), "timed-out", words.join(" "));
  const answer = receiveMessageOnPort(port1) as { message: Outcome };
  port1.close();
  return answer.message;
}

/** Runs `farjal` with these arguments. */
export function farjal(
  words: readonly string[],
  { input, environment }: Surroundings = {},
): Outcome {
  const alone = input !== undefined || environment !== undefined || words.includes("-");
  if (!thorough && !alone) return inThread(words);
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [PROGRAM, ...words], {
    encoding: "utf8",
    timeout: MINUTE,
    maxBuffer: 1 << 28,
    env: { ...rest, ...environment },
    ...(input === undefined ? {} : { input }),
  });
  assert.equal(error, undefined);
  return { code: status, stdout, stderr };
}

// biome-ignore lint/suspicious/noExplicitAny: a JSON document as the program's user sees it
export type Json = any;

/** Reading the schemas takes longer than most runs of the program. */
const documents = thorough ? await import("./documents.ts") : null;

/** Runs the same with --json: stdout must be one document and nothing else; in .ci/run, one as its schema says. */
export function farjalJson(words: readonly string[], surroundings: Surroundings = {}) {
  const { code, stdout, stderr } = farjal([...words, "--json"], surroundings);
  const json = JSON.parse(stdout) as Json;
  documents?.assertDocument(words[0] ?? "", json);
  return { code, stderr, json };
}

/** The commands, as --help lists them. */
export function commandNames(): string[] {
  const listed = farjal(["--help"]).stdout.matchAll(/^ {2}([a-z]+) (?=\[| )/gm);
  return [...listed].map(([, name]) => name ?? "").filter((name) => name !== "help");
}

/** A temporary directory, removed after the test. */
export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "farjal-test-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Asserts that a name or pattern matched nothing: exit code 1, one line that names it, and no result. */
export function assertNothing(outcome: Outcome, says: RegExp): void {
  assert.equal(outcome.code, 1, outcome.stderr);
  assert.equal(outcome.stdout, "");
  assert.match(outcome.stderr, says);
}

/** Asserts a wrong call: exit code 2, one line that names the mistake, and no result. */
export function assertMisuse(outcome: Outcome, says: RegExp): void {
  assert.equal(outcome.code, 2, outcome.stderr);
  assert.equal(outcome.stdout, "");
  assert.match(outcome.stderr, says);
  assert.doesNotMatch(outcome.stderr, /internal error|^\s+at /m);
}
