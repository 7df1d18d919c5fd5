// LZO as the program lzop makes it, and damaged.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { unpackLzo } from "../../src/compression/lzo.ts";
import { Output } from "../../src/compression/output.ts";
import { Misuse } from "../../src/errors.ts";
import { repositoryFile } from "../support/repository.ts";

const lzopSkip =
  spawnSync("lzop", ["--version"]).error === undefined
    ? false
    : "lzop isn't installed (apt install lzop)";

function packed(bytes: Uint8Array, ...options: string[]): Buffer {
  return spawnSync("lzop", ["-c", ...options], { input: bytes, maxBuffer: 1 << 26 }).stdout;
}

function unpacked(bytes: Uint8Array, most?: number): Buffer {
  const output = new Output(most);
  unpackLzo(bytes, output);
  return Buffer.from(output.bytes());
}

const noise = Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 2654435761) >>> 13);
const CONTENTS = Buffer.concat([
  readFileSync(repositoryFile("src/lab-kernel/built/lab-big.o")),
  noise,
  Buffer.alloc(600_000, "ab"),
  noise.subarray(0, 60_000),
  Buffer.alloc(300_000),
]);

suite("lzo", { skip: lzopSkip }, () => {
  test("of every level, of several blocks, of stored ones and with every checksum", () => {
    for (const options of [
      ["-1"],
      ["-3"],
      ["-7"],
      ["-9"],
      ["-9", "-F"],
      ["--crc32"],
      ["-9", "-CC"],
    ]) {
      assert.ok(unpacked(packed(CONTENTS, ...options)).equals(CONTENTS), options.join(" "));
    }
    for (const text of ["", "a", "aaaa", "abcabcabc", "x".repeat(300), "0123456789".repeat(30)]) {
      assert.equal(unpacked(packed(Buffer.from(text))).toString(), text);
    }
    assert.ok(unpacked(Buffer.concat([packed(noise), Buffer.from("tail")])).equals(noise));
  });

  test("changed anywhere never unpacks to anything else, and cut off anywhere is refused", () => {
    const contents = CONTENTS.subarray(0, 3000);
    const bytes = packed(contents, "-9");
    for (let at = 9; at < bytes.length; at++) {
      const other = Buffer.from(bytes);
      other[at] = (other[at] as number) ^ 4;
      // A match may find the same bytes at another distance.
      try {
        assert.ok(unpacked(other).equals(contents), `${at}`);
      } catch (error) {
        assert.ok(error instanceof Misuse, `${at}: ${error}`);
      }
      assert.throws(() => unpacked(bytes.subarray(0, at)), Misuse);
    }
  });

  test("a bomb stops", () => {
    assert.throws(() => unpacked(packed(Buffer.alloc(50_000_000)), 1 << 20), /more than/);
  });
});

suite("lzo made by hand", () => {
  /** A file without checksums but the header's, of one block. */
  const file = (block: readonly number[], size: number): Buffer => {
    // lzop -F of no bytes: version, method, flags, mode, time, no name; then the header's Adler-32.
    const header = Buffer.alloc(25);
    header.writeUInt16BE(0x1040, 0);
    header.writeUInt16BE(0x20a0, 2);
    header.writeUInt16BE(0x0940, 4);
    header.set([3, 9], 6);
    let [a, b] = [1, 0];
    for (const byte of header) {
      a += byte;
      b += a;
    }
    const sizes = Buffer.alloc(8);
    sizes.writeUInt32BE(size, 0);
    sizes.writeUInt32BE(block.length, 4);
    return Buffer.concat([
      Buffer.from([0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a, 0x0a]),
      header,
      Buffer.from([b >> 8, b & 255, a >> 8, a & 255]),
      sizes,
      Buffer.from(block),
      Buffer.alloc(4),
    ]);
  };
  const END = [0x11, 0, 0];
  const ABCD = [17 + 4, 0x61, 0x62, 0x63, 0x64];

  test("is unpacked where it is well formed", () => {
    // 0x2f: 17 bytes at a distance of 4, from behind the literals.
    assert.equal(
      unpacked(file([...ABCD, 0x2f, 3 << 2, 0, ...END], 21)).toString(),
      "abcdabcdabcdabcdabcda",
    );
  });

  test("is refused when a match begins before the block, and when sizes are wrong", () => {
    const bad: readonly [string, readonly number[], number][] = [
      ["a distance of 5", [...ABCD, 0x2f, 4 << 2, 0, ...END], 21],
      ["a distance of 2049", [...ABCD, 0, 0, ...END], 19],
      ["a distance of 32768", [...ABCD, 0x18, 0xfc, 0xff, ...END], 300],
      ["more bytes than stated", [...ABCD, 0x2f, 3 << 2, 0, ...END], 20],
      ["fewer", [...ABCD, 0x2f, 3 << 2, 0, ...END], 22],
      ["4 GiB stated", [...ABCD, 0x2f, 3 << 2, 0, ...END], 0xffff_ffff],
      ["a length without end", [...ABCD, 0x20, ...new Array<number>(5000).fill(0)], 1 << 30],
      ["a run without end", [0, ...new Array<number>(5000).fill(0)], 1 << 30],
      ["no end", [...ABCD, 0x2f, 3 << 2, 0], 21],
      ["bytes behind the end", [...ABCD, 0x2f, 3 << 2, 0, ...END, 1], 21],
    ];
    for (const [name, block, size] of bad) {
      assert.throws(() => unpacked(file(block, size)), Misuse, name);
    }
    const larger = file([...ABCD, ...END], 4);
    assert.throws(
      () => unpacked(larger),
      /damaged/,
      "packed bytes that are more than the unpacked",
    );
  });
});
