// Tests whole compressed files, as gzip and zstd write them: several members, skippable frames, checksums.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import { unpackedFile } from "../../src/compression/unpack.ts";

const zstdSkip =
  spawnSync("zstd", ["--version"]).status === 0 ? false : "zstd isn't here (apt install zstd)";

const ONE = Buffer.alloc(50_000, "one module, ");
const TWO = Buffer.from("and the rest of it");
const WHOLE = Buffer.concat([ONE, TWO]);

async function unpacked(...parts: Uint8Array[]): Promise<string> {
  return Buffer.from(await unpackedFile(Buffer.concat(parts))).toString("latin1");
}

suite("gzip", () => {
  test("of several members, and followed by other bytes", async () => {
    const parts = [gzipSync(ONE), gzipSync(Buffer.alloc(0)), gzipSync(TWO)];
    assert.equal(await unpacked(...parts), WHOLE.toString());
    assert.equal(await unpacked(...parts, Buffer.alloc(100)), WHOLE.toString());
    assert.equal(await unpacked(...parts, Buffer.from([0x1f, 0x8b, 8, 0xff])), WHOLE.toString());
  });

  test("gives bytes whose buffer has nothing else, since sending them to a thread copies it", async () => {
    const { length, buffer } = await unpackedFile(gzipSync(ONE));
    assert.deepEqual([length, buffer.byteLength], [ONE.length, ONE.length]);
  });

  test("with a wrong checksum or size is damaged", async () => {
    for (const back of [1, 5, 8]) {
      const packed = gzipSync(ONE);
      packed[packed.length - back] = (packed[packed.length - back] as number) ^ 1;
      await assert.rejects(unpacked(gzipSync(TWO), packed), { name: "Misuse", message: /damaged/ });
    }
    await assert.rejects(unpacked(gzipSync(TWO), gzipSync(ONE).subarray(0, -4)), /cut off/);
  });
});

suite("zstd", { skip: zstdSkip }, () => {
  const zstd = (bytes: Uint8Array, ...options: string[]): Buffer => {
    const { status, stdout } = spawnSync("zstd", ["-c", ...options], { input: bytes });
    assert.equal(status, 0);
    return stdout;
  };
  const skippable = (kind: number, size: number): Buffer => {
    const frame = Buffer.alloc(8 + size, 0xfd);
    frame.writeUInt32LE(0x184d2a50 + kind, 0);
    frame.writeUInt32LE(size, 4);
    return frame;
  };

  test("of several frames, with and without checksums, and with skippable frames", async () => {
    const parts = [
      skippable(0, 20),
      zstd(ONE, "--check"),
      skippable(15, 0),
      zstd(TWO, "--no-check"),
    ];
    assert.equal(await unpacked(...parts), WHOLE.toString());
    assert.equal(await unpacked(zstd(ONE, "--ultra", "-22"), zstd(TWO)), WHOLE.toString());
    assert.equal(await unpacked(zstd(ONE, "--long=27"), zstd(TWO)), WHOLE.toString());
  });

  test("with a window that no module needs, or followed by other bytes, is refused", async () => {
    await assert.rejects(unpacked(zstd(ONE), Buffer.from("tail and more")), /damaged/);
    await assert.rejects(unpacked(zstd(ONE), skippable(1, 50).subarray(0, 20)), /cut off/);
    const long = spawnSync("zstd", ["-c", "--long=31"], { input: Buffer.alloc(200 << 20) }).stdout;
    await assert.rejects(unpacked(long), { name: "Misuse" });
  });
});
