// Tests compressed kernels, made by the tools themselves (payloads/build.sh): they are found, decompressed, refused
// when damaged, and never use more memory than the largest image needs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import * as zlib from "node:zlib";
import { gzipSync } from "node:zlib";
import { unpackLzma } from "../../src/compression/lzma.ts";
import { Output } from "../../src/compression/output.ts";
import { unpackZstd } from "../../src/compression/zstd.ts";
import { Misuse } from "../../src/errors.ts";
import { findPayloads } from "../../src/kernel/payload.ts";
import { readKernel } from "../../src/kernel/read.ts";
import { UNPACKED_BYTES } from "../../src/limits.ts";
import { processorTime } from "../support/processor-time.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { makeKernel } from "./synthetic.ts";

const IMAGE = makeKernel().bytes;
/** Node has zstd since 22.15. */
const ZSTD = (
  zlib as { zstdCompressSync?: (data: Uint8Array, options: { params: object }) => Uint8Array }
).zstdCompressSync;
/** ZSTD_c_compressionLevel. */
const ZSTD_LEVEL = 100;

function fixture(name: string): Uint8Array {
  return readFileSync(repositoryFile(`test/kernel/payloads/${name}`));
}

const PAYLOADS: ReadonlyMap<string, Uint8Array> = new Map([
  ["gzip", gzipSync(IMAGE)],
  ["xz", fixture("kernel.xz")],
  ["lzma", fixture("kernel.lzma")],
  ["lz4", fixture("kernel.lz4")],
  ["zstd", fixture("kernel.zst")],
  ["lzo", fixture("kernel.lzo")],
  ["bzip2", fixture("kernel.bz2")],
]);

/** Decompresses a file's only payload. */
async function unpacked(file: Uint8Array): Promise<Uint8Array> {
  const [payload, ...others] = findPayloads(file);
  assert.deepEqual(others, []);
  assert.ok(payload?.unpack);
  return await payload.unpack();
}

/** The size that scripts/Makefile.lib appends, and the next section of a vmlinuz. */
const AFTER = Buffer.from([
  ...new Uint8Array(new Uint32Array([IMAGE.length]).buffer),
  1,
  2,
  3,
  4,
  5,
  6,
  7,
]);

suite("a flash chip's image", () => {
  const block = (index: number): Buffer =>
    gzipSync(Buffer.from(Array.from({ length: 300 }, (_, i) => (i * index * 2654435761) >>> 11)));
  const blocks = (count: number): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, index) => block(index)));

  test("has its kernel found after a hundred archives, and before another hundred", async () => {
    const flash = Buffer.concat([
      Buffer.alloc(65536, 0xff),
      blocks(100),
      gzipSync(IMAGE),
      blocks(100),
    ]);
    assert.deepEqual((await readKernel(flash)).image?.bytes, IMAGE);
  });

  test("has the first kernel found where there are two", async () => {
    const second = makeKernel({ symbols: 3000 }).bytes;
    const flash = Buffer.concat([
      gzipSync(IMAGE),
      Buffer.alloc(4096),
      gzipSync(second),
      blocks(50),
    ]);
    assert.deepEqual((await readKernel(flash)).image?.bytes, IMAGE);
  });

  test("has a kernel found within a boot loader's archive inside another archive", async () => {
    const loader = gzipSync(Buffer.concat([Buffer.alloc(5000, "loader"), gzipSync(IMAGE)]));
    const flash = gzipSync(Buffer.concat([Buffer.from("second stage"), loader]));
    assert.deepEqual((await readKernel(flash)).image?.bytes, IMAGE);
  });
});

suite("compressed kernels", () => {
  for (const [format, payload] of PAYLOADS) {
    test(`${format}, at any offset and followed by anything`, async () => {
      const file = Buffer.concat([Buffer.alloc(33, 7), payload, AFTER]);
      const [found] = findPayloads(file);
      assert.equal(found?.format, format);
      assert.equal(found?.offset, 33);
      assert.deepEqual(Buffer.from(await unpacked(file)), Buffer.from(IMAGE));
      assert.equal((await readKernel(file)).symbols.length, 2000);
    });

    test(`${format}, cut off, is refused`, async () => {
      for (const part of [0.1, 0.5, 0.9, 0.999]) {
        const file = payload.subarray(0, Math.floor(payload.length * part));
        await assert.rejects(unpacked(file));
        await assert.rejects(readKernel(file), {
          name: "Misuse",
          message: new RegExp(`can't be unpacked \\(${format}: `),
        });
      }
    });

    test(`${format}, damaged, does no harm`, async () => {
      for (let at = 20; at < payload.length; at += 97) {
        const file = payload.slice();
        file[at] = (file[at] as number) ^ 0x41;
        const bytes = await unpacked(file).catch(() => new Uint8Array(0));
        assert.ok(bytes.length <= UNPACKED_BYTES);
        await readKernel(file).catch((error: unknown) =>
          assert.ok(error instanceof Misuse, String(error)),
        );
      }
    });
  }

  test("zstd whose Huffman weights take no bits is refused, and decoding ends", async () => {
    const file = Buffer.from(fixture("kernel.zst"));
    // After the weights' size, their table: accuracy 5, then one symbol with the whole probability.
    assert.equal(file[13], 0x3c);
    file.set([0xf0, 0xff], 14);
    await assert.rejects(unpacked(file), { name: "Misuse", message: /damaged/ });
  });

  test("zstd with a block that would make gigabytes is refused early", async () => {
    // Tens of thousands of sequences, each with the code of the longest matches, which takes no bits.
    const sequences = [255, 0xe8, 0, 0x54, 0, 0, 52, 1];
    const block = [0, ...sequences];
    const header = (block.length << 3) | (2 << 1);
    const blocks = Array.from({ length: 1000 }, () => [header, 0, 0, ...block]).flat();
    const file = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38, ...blocks, 1, 0, 0, ...AFTER]);
    await assert.rejects(unpacked(file), { name: "Misuse", message: /damaged/ });
  });

  test("zstd with a large window is decompressed without moving the window for each block", async () => {
    const blocks = Array.from({ length: 100_000 }, () => [0, 0, 0]).flat();
    const file = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x88, ...blocks, 1, 0, 0, ...AFTER]);
    const took = await processorTime(async () => assert.equal((await unpacked(file)).length, 0));
    assert.ok(took < 10_000, `${took} ms`);
  });

  test("zstd of every kind of data and level, as Node's own packs it", {
    skip: ZSTD === undefined && "this Node has no zstd",
  }, async () => {
    const random = new Random(8);
    const kinds: ((size: number) => Uint8Array)[] = [
      (size) => Uint8Array.from({ length: size }, () => random.below(256)),
      (size) => Uint8Array.from({ length: size }, () => 65 + random.below(3)),
      (size) => new Uint8Array(size).fill(7),
      (size) => Uint8Array.from({ length: size }, (_, at) => (random.oneIn(50) ? at : at & 7)),
      (size) => IMAGE.subarray(0, size),
    ];
    for (const size of [0, 1, 5, 300, 5000, 80_000, 131_072, 300_000]) {
      for (const make of kinds) {
        const data = Buffer.from(make(size));
        for (const level of [-5, 1, 9, 19]) {
          const output = new Output();
          unpackZstd(ZSTD?.(data, { params: { [ZSTD_LEVEL]: level } }) ?? data, output);
          assert.ok(data.equals(output.bytes()), `${size} bytes, level ${level}`);
        }
      }
    }
  });

  test("lzma as OpenWrt packs it, in a legacy uImage", async () => {
    const payload = fixture("openwrt.lzma");
    // include/image.h of U-Boot: magic, times and sizes, load and entry, then os, architecture, type, packing.
    const header = Buffer.alloc(64);
    header.writeUInt32BE(0x27051956, 0);
    header.writeUInt32BE(payload.length, 12);
    header.writeUInt32BE(0x80100000, 16);
    header.set([5, 5, 2, 3], 28);
    header.write("MIPS OpenWrt Linux-6.1.0", 32, "latin1");
    for (const after of [Buffer.alloc(0), AFTER, Buffer.alloc(70_000, 0xff)]) {
      const kernel = await readKernel(Buffer.concat([header, payload, after]));
      assert.deepEqual(Buffer.from(kernel.image?.bytes ?? []), Buffer.from(IMAGE));
      assert.equal(kernel.symbols.length, 2000);
    }
  });

  test("lzma with other parameters and a stated size", () => {
    const output = new Output();
    unpackLzma(fixture("parameters.lzma"), output);
    assert.deepEqual(Buffer.from(output.bytes()), Buffer.from(IMAGE));
  });
});

suite("lz4's legacy frame", () => {
  const word = (value: number): number[] => [
    value & 255,
    (value >> 8) & 255,
    (value >> 16) & 255,
    value >>> 24,
  ];
  /** A block of one repeated zero: a literal, a match at distance 1, and five final literals. */
  const zeros = (size: number): number[] => {
    const matched = size - 6 - 4 - 15;
    const length = [...new Array<number>(Math.floor(matched / 255)).fill(255), matched % 255];
    return [0x1f, 0, 1, 0, ...length, 0x50, 0, 0, 0, 0, 0];
  };
  const frame = (...blocks: number[][]): Uint8Array =>
    Uint8Array.from([
      0x02,
      0x21,
      0x4c,
      0x18,
      ...blocks.flatMap((block) => [...word(block.length), ...block]),
    ]);
  const BLOCK = 0x800000;

  test("continues after a block of 8 MiB", async () => {
    assert.equal((await unpacked(frame(zeros(BLOCK), zeros(1000)))).length, BLOCK + 1000);
  });

  test("ends at a full block that is followed by the appended size", async () => {
    const bytes = frame(zeros(BLOCK), zeros(BLOCK));
    assert.equal(
      (await unpacked(Buffer.concat([bytes, Buffer.from(word(2 * BLOCK))]))).length,
      2 * BLOCK,
    );
  });

  test("has no block longer than 8 MiB, and no match before its beginning", async () => {
    await assert.rejects(unpacked(frame(zeros(BLOCK + 1))), { name: "Misuse", message: /damaged/ });
    await assert.rejects(unpacked(frame([0x10, 0, 2, 0, 0x50, 0, 0, 0, 0, 0])), {
      name: "Misuse",
      message: /damaged/,
    });
  });
});

suite("bombs", () => {
  test("stop at the size of the largest image", async () => {
    const bomb = gzipSync(Buffer.alloc(UNPACKED_BYTES + 1));
    assert.ok(bomb.length < 200_000);
    await assert.rejects(readKernel(bomb), {
      name: "Misuse",
      message: /unpacks to more than 128 MiB/,
    });
  });

  test("a zstd window that no kernel needs is refused before it is allocated", async () => {
    const frame = Uint8Array.from([
      0x28,
      0xb5,
      0x2f,
      0xfd,
      0,
      0xa0,
      ...new Array<number>(32).fill(0),
    ]);
    await assert.rejects(unpacked(frame), {
      name: "Misuse",
      message: /more memory than any kernel has/,
    });
  });
});
