// Tests the log's records: levels, continued lines and sizes, as in vprintk_store() of Linux 6.1.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { LONGEST_RECORD, PrintkLog } from "../../../src/lab/printk/log.ts";

function stored(...texts: string[]): string[] {
  const lines: string[] = [];
  const log = new PrintkLog(lines);
  for (const text of texts) log.store(text);
  return lines;
}

suite("the kernel's log", () => {
  test("removes all levels, and one newline", () => {
    assert.deepEqual(stored("\x016info\n", "plain\n\n", "\x01c\x013both\n", "\x018\n", "\x01"), [
      "info",
      "plain\n",
      "both",
      "\x018",
      "\x01",
    ]);
  });

  test("continues a line that didn't end in a newline, only for KERN_CONT", () => {
    assert.deepEqual(stored("\x016a", "\x01cb", "\x01cc\n", "\x01cd", "e"), ["abc", "d", "e"]);
    assert.deepEqual(stored("a", "\x016b", "\x01cc"), ["a", "bc"]);
  });

  test("returns what it stores, and stores no more than LOG_LINE_MAX", () => {
    const lines: string[] = [];
    const log = new PrintkLog(lines);
    assert.equal(log.store("\x016four\n"), 4);
    assert.equal(log.store("x".repeat(5000)), LONGEST_RECORD);
    assert.equal(LONGEST_RECORD, 991);
    assert.equal(log.store("\x01cmore"), 4);
    assert.deepEqual(lines.slice(-1), ["more"]);
  });

  test("drops the oldest records by their size", () => {
    const lines: string[] = [];
    const log = new PrintkLog(lines);
    for (let index = 0; index < 20_000; index++) log.store(`${index} ${"x".repeat(900)}\n`);
    const bytes = lines.reduce((sum, line) => sum + line.length, 0);
    assert.ok(bytes < 2 << 20 && bytes > 1 << 19, `${bytes}`);
    assert.match(lines.at(-1) ?? "", /^19999 x/);
    for (let index = 0; index < 100_000; index++) log.store("\n");
    assert.ok(lines.length < 25_000);
  });
});
