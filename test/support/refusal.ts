// Asserts that something is refused, and returns the Refusal for further checks.

import assert from "node:assert/strict";
import { type Errno, Refusal } from "../../src/errors.ts";

/** Returns the Refusal that `action` throws; fails when it throws anything else or nothing. */
export function refusal(action: () => unknown): Refusal {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof Refusal, `not a Refusal: ${String(error)}`);
    assert.notEqual(error.explanation, "");
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was refused" });
}

/** Asserts on errno and the kernel's lines, and returns the explanation. */
export function refusedAs(action: () => unknown, errno: Errno | null, ...dmesg: string[]): string {
  const refused = refusal(action);
  assert.deepEqual([refused.errno, refused.dmesg], [errno, dmesg]);
  return refused.explanation;
}
