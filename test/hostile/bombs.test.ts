// Tests files of a few kilobytes that decompress to gigabytes, as a module and as a kernel, made here: each ends in
// one sentence, in less memory than a machine that builds modules has. Each runs in a process of its own, so that its
// memory can be measured.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { builtModule, PROGRAM, temporaryDirectory } from "../cli/farjal.ts";

const MIB = 1 << 20;
const MOST_MEMORY = 1024;
const GIBIBYTES = 4;
/** A size above the limit, for the formats that a tool has to compress. */
const PACKED_MIB = 160;

/** Deflate of a MiB of zeros, which can be followed by any number of copies. */
function gzipBomb(): Uint8Array {
  const piece = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_FULL_FLUSH });
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const pieces = new Array<Buffer>(GIBIBYTES * 1024).fill(piece);
  return Buffer.concat([header, ...pieces, Buffer.from([3, 0]), Buffer.alloc(8)]);
}

/** A frame of blocks that each repeat one byte for 128 KiB, and an empty last block. */
function zstdBomb(): Uint8Array {
  const size = 128 << 10;
  const block = Buffer.from([0, 0, 0, 0]);
  block.writeUIntLE((size << 3) | (1 << 1), 0, 3);
  const blocks = new Array<Buffer>((GIBIBYTES * 1024 * MIB) / size).fill(block);
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]);
  return Buffer.concat([header, ...blocks, Buffer.from([1, 0, 0])]);
}

/** lz4's legacy frame: blocks of 8 MiB of zeros, each in 32 KiB. */
function lz4Bomb(): Uint8Array {
  const size = 8 * MIB;
  const match = size - 1 - 5 - 4 - 15;
  const lengths = [...new Array<number>(Math.floor(match / 255)).fill(255), match % 255];
  // One literal; a match for all but five bytes, at distance 1; and five literals.
  const block = Buffer.from([0x1f, 0, 1, 0, ...lengths, 0x50, 0, 0, 0, 0, 0]);
  const framed = Buffer.alloc(4 + block.length);
  framed.writeUInt32LE(block.length);
  framed.set(block, 4);
  const frame = Buffer.from([0x02, 0x21, 0x4c, 0x18]);
  return Buffer.concat([frame, ...new Array<Buffer>(PACKED_MIB / 8).fill(framed)]);
}

/** xz's own output for zeros; null when xz isn't installed. */
function xzBomb(...words: readonly string[]): Uint8Array | null {
  const input = Buffer.alloc(PACKED_MIB * MIB);
  const { error, stdout } = spawnSync("xz", ["-0", "-c", ...words], { input, maxBuffer: MIB });
  return error === undefined ? stdout : null;
}

const BOMBS = [
  ["gz", gzipBomb],
  ["zst", zstdBomb],
  ["xz", () => xzBomb("--check=crc32")],
  ["lzma", () => xzBomb("--format=lzma")],
  ["lz4", lz4Bomb],
] as const;

/** Runs farjal, and returns its peak memory in MiB too. */
function measured(words: readonly string[]) {
  const peak = "process.on('exit',()=>process._rawDebug(process.resourceUsage().maxRSS))";
  const options = ["--import", `data:text/javascript,${encodeURIComponent(peak)}`];
  const { status, stderr } = spawnSync(process.execPath, [...options, PROGRAM, ...words], {
    encoding: "utf8",
    timeout: 60_000,
  });
  const lines = stderr.trimEnd().split("\n");
  return { status, memory: Number(lines.pop()) / 1024, says: lines.join("\n") };
}

for (const [ending, make] of BOMBS) {
  test(`a ${ending} bomb is one error, as a module and as a kernel`, (context) => {
    const bomb = make();
    if (bomb === null) return context.skip("xz isn't installed");
    assert.ok(bomb.length < 8 * MIB);
    const path = join(temporaryDirectory(context), `bomb.ko.${ending}`);
    writeFileSync(path, bomb);
    const asModule = ["info", path];
    const asKernel = ["load", builtModule("modern", "little"), "--kernel", path];
    // No module is compressed as bare lzma, or as lz4.
    const ofKernels = ending === "lzma" || ending === "lz4";
    for (const words of ofKernels ? [asKernel] : [asModule, asKernel]) {
      const { status, memory, says } = measured(words);
      assert.equal(status, 2, says);
      assert.match(says, /more than \d+ MiB/);
      assert.doesNotMatch(says, /internal error|^\s+at /m);
      assert.ok(memory > 0 && memory < MOST_MEMORY, `${memory} MiB`);
    }
  });
}
