// bzip2 as the program bzip2 makes it, and damaged.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { unpackBzip2 } from "../../src/compression/bzip2.ts";
import { Output } from "../../src/compression/output.ts";
import { Misuse } from "../../src/errors.ts";
import { repositoryFile } from "../support/repository.ts";

const bzip2Skip =
  spawnSync("bzip2", ["--help"]).error === undefined
    ? false
    : "bzip2 isn't installed (apt install bzip2)";

function packed(bytes: Uint8Array, level = 9): Buffer {
  return spawnSync("bzip2", ["-c", `-${level}`], { input: bytes, maxBuffer: 1 << 26 }).stdout;
}

function unpacked(bytes: Uint8Array, most?: number): Buffer {
  const output = new Output(most);
  unpackBzip2(bytes, output);
  return Buffer.from(output.bytes());
}

suite("bzip2", { skip: bzip2Skip }, () => {
  const noise = Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i, 2654435761) >>> 13);
  const CONTENTS = Buffer.concat([
    readFileSync(repositoryFile("src/lab-kernel/built/lab-big.o")),
    noise,
    Buffer.alloc(1_000_000, "ab"),
    Buffer.alloc(300_000),
    Buffer.from("xxxxyyyyyzzzz"),
  ]);

  test("of several blocks, runs and levels", () => {
    for (const level of [1, 9]) assert.ok(unpacked(packed(CONTENTS, level)).equals(CONTENTS));
    for (const text of ["", "a", "aaaa", "aaaaa", "abcabcabc"]) {
      assert.equal(unpacked(packed(Buffer.from(text))).toString(), text);
    }
    assert.ok(unpacked(Buffer.concat([packed(noise), Buffer.from("tail")])).equals(noise));
  });

  test("changed or cut off anywhere is refused, and a bomb stops", () => {
    const bytes = packed(CONTENTS.subarray(0, 3000));
    for (let at = 10; at < bytes.length - 5; at += 7) {
      const other = Buffer.from(bytes);
      other[at] = (other[at] as number) ^ 4;
      // Codes and selectors that nothing uses may be anything.
      try {
        assert.ok(unpacked(other).equals(CONTENTS.subarray(0, 3000)), `${at}`);
      } catch (error) {
        assert.ok(error instanceof Misuse, `${at}: ${error}`);
      }
      assert.throws(() => unpacked(bytes.subarray(0, at)), Misuse);
    }
    assert.throws(() => unpacked(packed(Buffer.alloc(50_000_000)), 1 << 20), /more than/);
  });
});
