// Compares hex dumps with what `hexdump -C` prints for the same bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hexDump } from "../../src/report/hex-dump.ts";

test("a hex dump is hexdump -C's", () => {
  const bytes = new Uint8Array(70);
  bytes.set(Buffer.from("farjal: \x00\x7f\xff~ and more", "latin1"));
  assert.deepEqual(
    [...hexDump(bytes)],
    [
      "00000000  66 61 72 6a 61 6c 3a 20  00 7f ff 7e 20 61 6e 64  |farjal: ...~ and|",
      "00000010  20 6d 6f 72 65 00 00 00  00 00 00 00 00 00 00 00  | more...........|",
      "00000020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|",
      "*",
      "00000040  00 00 00 00 00 00                                 |......|",
      "00000046",
    ],
  );
});

test("an empty dump is the offset where it ends", () => {
  assert.deepEqual([...hexDump(new Uint8Array(0))], ["00000000"]);
});
