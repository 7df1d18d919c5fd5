// Tests XZ files of every kind that the xz program writes, made by it, and damaged ones. They contain one of our own
// modules, large enough for several chunks of LZMA2.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { Output } from "../../src/compression/output.ts";
import { unpackXz } from "../../src/compression/xz.ts";
import { unpackXzStreams } from "../../src/compression/xz-stream.ts";
import { Misuse } from "../../src/errors.ts";
import { repositoryFile } from "../support/repository.ts";

const xzSkip =
  spawnSync("xz", ["--version"]).status === 0 ? false : "xz isn't here (apt install xz-utils)";

/** 1.5 MB: the text of this program, MIPS code, and noise that doesn't compress. */
const CONTENTS = Buffer.concat([
  readFileSync(repositoryFile("src/lab-kernel/built/lab-little.o")),
  readFileSync(repositoryFile("package-lock.json")),
  Buffer.from(
    Uint8Array.from({ length: 300_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0xff),
  ),
  readFileSync(repositoryFile("test/modules/built/shapes-big.ko")),
  Buffer.alloc(200_000, "far jumps "),
]);

function packed(contents: Uint8Array, ...options: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync("xz", ["-c", ...options], {
    input: contents,
    maxBuffer: 1 << 26,
  });
  assert.equal(status, 0, String(stderr));
  return stdout;
}

async function unpacked(bytes: Uint8Array): Promise<Buffer> {
  const output = new Output();
  await unpackXz(bytes, output);
  return Buffer.from(output.bytes());
}

suite("xz", { skip: xzSkip }, () => {
  const KINDS: readonly (readonly string[])[] = [
    ["--check=none"],
    ["--check=crc32"],
    ["--check=crc64"],
    ["--check=sha256"],
    ["-9e"],
    ["-0"],
    ["--lzma2=preset=6,lc=0,lp=2,pb=1"],
    ["--lzma2=preset=3,lc=1,lp=3,pb=4"],
    ["--block-size=100000"],
    ["--block-size=300000", "--check=sha256", "-T2"],
    ["--x86", "--lzma2"],
    ["--powerpc", "--lzma2"],
    ["--arm", "--lzma2"],
    ["--armthumb", "--lzma2"],
    ["--arm64", "--lzma2"],
    ["--sparc", "--lzma2"],
    ["--delta=dist=4", "--lzma2"],
    ["--arm=start=4096", "--lzma2"],
    ["--delta=dist=256", "--x86", "--lzma2", "--check=sha256"],
  ];
  for (const options of KINDS) {
    test(options.join(" "), async () => {
      const bytes = packed(CONTENTS, ...options);
      assert.ok((await unpacked(bytes)).equals(CONTENTS));
      // The decoder for unusual files reads ordinary ones as well.
      const output = new Output();
      unpackXzStreams(bytes, output);
      assert.ok(Buffer.from(output.bytes()).equals(CONTENTS));
    });
  }

  test("code for the processors of the filters is restored", async () => {
    // Every opcode that the filters change, at every distance.
    const code = Buffer.alloc(1 << 16);
    for (let at = 0; at + 8 <= code.length; at += 8) {
      const random = Math.imul(at + 1, 2654435761) >>> 0;
      code.writeUInt32LE(random, at);
      const opcodes = [0xeb000000, 0x94000000, 0x90000000, 0x48000001, 0x40000000, 0x7fc00000];
      const opcode = opcodes[(at / 8) % opcodes.length] as number;
      const word = (opcode | (random & 0x1fffff)) >>> 0;
      if ((at / 8) % 4 < 2) code.writeUInt32LE(word, at + 4);
      else code.writeUInt32BE(word, at + 4);
      if (at % 56 === 0)
        code.set([0xe8, random & 0xff, random >>> 24, 0, at % 3 === 0 ? 0xff : 0], at);
      if (at % 72 === 0)
        code.set([random & 0xff, 0xf0 | (random & 7), random >>> 24, 0xf8 | (at & 7)], at);
    }
    for (const filter of ["x86", "powerpc", "arm", "armthumb", "arm64", "sparc"]) {
      assert.ok((await unpacked(packed(code, `--${filter}`, "--lzma2"))).equals(code), filter);
    }
  });

  test("several streams, with padding between them and followed by other bytes", async () => {
    const [one, two] = [CONTENTS.subarray(0, 5000), CONTENTS.subarray(5000, 70_000)];
    const streams = [
      packed(one),
      Buffer.alloc(8),
      packed(two, "--check=sha256"),
      Buffer.from("tail"),
    ];
    assert.ok((await unpacked(Buffer.concat(streams))).equals(CONTENTS.subarray(0, 70_000)));
    const odd = Buffer.concat([packed(one), Buffer.alloc(6), packed(two)]);
    assert.ok((await unpacked(odd)).equals(one));
    assert.equal((await unpacked(packed(Buffer.alloc(0), "--check=sha256"))).length, 0);
  });

  test("filters that farjal doesn't support are named", async () => {
    await assert.rejects(unpacked(packed(CONTENTS, "--ia64", "--lzma2")), {
      name: "Misuse",
      message: /the xz filter IA-64/,
    });
  });

  test("a changed byte is found anywhere, and so is a truncated file", async () => {
    const bytes = packed(CONTENTS.subarray(0, 4000), "--check=sha256", "--delta=dist=1", "--lzma2");
    for (let at = 0; at < bytes.length; at += 1) {
      const other = Buffer.from(bytes);
      other[at] = (other[at] as number) ^ 0x10;
      // Without its magic number it is no xz file, so there is nothing to test.
      const output = new Output();
      if (at < 6) unpackXzStreams(other, output);
      else assert.throws(() => unpackXzStreams(other, output), Misuse, `${at}`);
      assert.throws(() => unpackXzStreams(bytes.subarray(0, at + 6), new Output()), Misuse);
      if (at + 7 === bytes.length) break;
    }
  });
});
