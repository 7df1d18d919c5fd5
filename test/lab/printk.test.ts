// printk's conversions; the expected texts are what vsnprintf of the C library and the kernel give.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPrintk } from "../../src/lab/calls/printk.ts";

function print(format: string, ...words: number[]): string {
  let next = 0;
  return formatPrintk(format, {
    word: () => (words[next++] ?? 0) >>> 0,
    doubleWord: () => {
      next += 2;
      return (BigInt(words[next - 1] ?? 0) << 32n) | BigInt((words[next - 2] ?? 0) >>> 0);
    },
    string: (address, limit) => `text at ${address}`.slice(0, limit),
    symbol: (address, withOffset) => (withOffset ? `f+0x${address}/0x20` : "f"),
  });
}

const CASES: readonly [expected: string, format: string, ...words: number[]][] = [
  ["plain 100%", "\u00016plain 100%%"],
  ["-1 4294967295 ffffffff FFFFFFFF", "%d %u %x %X", -1, -1, -1, -1],
  ["   42|42   |00042|+42| 42", "%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42],
  ["0x00ff 0xff 017", "0x%04x %#x %#o", 255, 255, 15],
  ["-005", "%04d", -5],
  ["a", "%c", 0x61],
  ["text", "%.4s", 7],
  ["   text at 7", "%12s", 7],
  ["  7", "%*d", 3, 7],
  ["-1 255", "%hd %hhu", 0xffff, 0x1ff],
  ["4294967296", "%llu", 0, 1],
  ["-1", "%lld", 0xffffffff, 0xffffffff],
  ["f f+0x16/0x20 0000000a", "%ps %pS %p", 16, 16, 10],
];

for (const [expected, format, ...words] of CASES) {
  test(JSON.stringify(format), () => assert.equal(print(format, ...words), expected));
}

test("a hostile width does not make a hostile string", () => {
  assert.ok(print("%999999999d %.999999999x", 1, 1).length < 10_000);
});
