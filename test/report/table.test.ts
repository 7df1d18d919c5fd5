// Tests columns of a table, padded and joined: alignment, and no trailing spaces.

import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, grouped } from "../../src/html/numbers.ts";
import { columns } from "../../src/report/table.ts";

test("columns are as wide as their widest cell and leave no spaces at the end", () => {
  assert.deepEqual(
    columns(
      [
        ["a", "1", "x"],
        ["long", "10,000", ""],
        ["b", "2"],
      ],
      ["left", "right"],
    ),
    ["  a          1  x", "  long  10,000", "  b          2"],
  );
  assert.deepEqual(columns([]), []);
});

test("counts are grouped and agree with their noun", () => {
  assert.equal(grouped(1234567), "1,234,567");
  assert.equal(counted(1, "jump"), "1 jump");
  assert.equal(counted(0, "jump"), "0 jumps");
  assert.equal(counted(2000, "call of _mcount", "calls of _mcount"), "2,000 calls of _mcount");
});
