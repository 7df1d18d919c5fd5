// Runs the real trace-cmd, where it is installed. Tests use `traceCmdSkip`, so that a machine without it lists by
// name what it skipped.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

const PROGRAM = "trace-cmd";

/** For node:test's `skip`: false, or the reason. */
export const traceCmdSkip: string | false =
  spawnSync(PROGRAM, ["--version"]).error === undefined ? false : "trace-cmd isn't installed";

/** Runs it and returns its output. */
export function traceCmd(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(PROGRAM, words, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** A file's events as trace-cmd reports them, with callers. */
export function traceCmdReportOf(path: string): string {
  return traceCmd("report", "-O", "parent", "-i", path);
}
