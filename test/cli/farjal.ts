// Runs the built program as a user does: a process of its own, its streams and its exit code.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { repositoryFile } from "../support/repository.ts";

export const PROGRAM = repositoryFile("build/src/cli/farjal.cjs");
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

/** One of test/modules' built modules. */
export function builtModule(name: string, order: "little" | "big"): string {
  return repositoryFile(`test/modules/built/${name}-${order}.ko`);
}

/** Runs `farjal` with these words. A run that takes a minute is a hang and fails. */
export function farjal(
  words: readonly string[],
  { input, environment }: Surroundings = {},
): Outcome {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [PROGRAM, ...words], {
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 1 << 28,
    env: { ...rest, ...environment },
    ...(input === undefined ? {} : { input }),
  });
  assert.equal(error, undefined);
  return { code: status, stdout, stderr };
}

// biome-ignore lint/suspicious/noExplicitAny: what a program's user sees of a JSON document
export type Json = any;

/** The same with --json: stdout is one document and nothing else. */
export function farjalJson(words: readonly string[], surroundings: Surroundings = {}) {
  const { code, stdout, stderr } = farjal([...words, "--json"], surroundings);
  return { code, stderr, json: JSON.parse(stdout) as Json };
}

/** A directory that the test leaves behind empty-handed. */
export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "farjal-test-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A wrong call: exit code 2, one line that says what, and no result. */
export function assertMisuse(outcome: Outcome, says: RegExp): void {
  assert.equal(outcome.code, 2, outcome.stderr);
  assert.equal(outcome.stdout, "");
  assert.match(outcome.stderr, says);
  assert.doesNotMatch(outcome.stderr, /internal error|^\s+at /m);
}
