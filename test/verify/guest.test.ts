// Tests a guest's input and output without a guest: the initramfs is a cpio that cpio reads, records are read as
// guest.c writes them, and impossible calls end in one sentence.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { WIDTH_32, WIDTH_64 } from "../../src/address.ts";
import { initramfs } from "../../src/board/initramfs.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Words } from "../../src/bytes/words.ts";
import { BOOT_ARCHIVE_BYTES } from "../../src/limits.ts";
import { readModule } from "../../src/module/file/file.ts";
import { GuestFailure, runGuest } from "../../src/verify/guest.ts";
import { answered, type GuestModule, readRecords } from "../../src/verify/records.ts";
import { farjal } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";

const MODULE = repositoryFile("test/modules/built/modern-little.ko");

/** Of a record that is about no single module. */
const EVERY = 0xffffffff;

type Recorded = readonly [
  kind: number,
  moment: number,
  module: number,
  value: number | bigint,
  body: string,
];

function wordBytes(endian: Endian, values: readonly number[]): Uint8Array {
  const words = new Words(new Uint8Array(4 * values.length), endian);
  values.forEach((value, index) => {
    words.setU32(4 * index, value);
  });
  return words.bytes;
}

function pointerBytes(endian: Endian, value: number | bigint): Uint8Array {
  const words = new Words(new Uint8Array(8), endian);
  words.setU64(0, BigInt(value));
  return words.bytes;
}

function recorded(endian: Endian, whole: number, ...records: readonly Recorded[]): Buffer {
  const parts = records.map(([kind, moment, module, value, body]) =>
    Buffer.concat([
      wordBytes(endian, [kind, moment, module, body.length]),
      pointerBytes(endian, value),
      Buffer.from(body),
      Buffer.alloc(-body.length & 7),
    ]),
  );
  const size = parts.reduce((sum, one) => sum + one.length, 8);
  return Buffer.concat([wordBytes(endian, [size, whole]), ...parts]);
}

suite("a guest", () => {
  test("isn't booted with more than it can hold, which is its failure alone", async () => {
    const subject = {
      ...{ name: "modern", path: MODULE, bytes: new Uint8Array(BOOT_ARCHIVE_BYTES), needs: [] },
      file: readModule(readFileSync(MODULE)),
    };
    const booting = runGuest(new Uint8Array(0), [subject], {
      ...{ machine: "board", endian: "little", width: WIDTH_32, timeLimit: 1 },
    });
    await assert.rejects(booting, (error) => {
      assert.ok(error instanceof GuestFailure, String(error));
      assert.equal(error.message, "the modules take 49 MiB, and 48 fit into one boot; name fewer");
      return true;
    });
  });

  test("gets an archive whose fields are where newc has them", () => {
    const bytes = initramfs([
      { name: "dev", kind: "directory" },
      { name: "dev/console", kind: "device", major: 5, minor: 1 },
      { name: "init", kind: "file", bytes: Buffer.from("hello"), executable: true },
    ]);
    const archive = Buffer.from(bytes);
    const headers: string[] = [];
    for (let at = 0; at < archive.length; ) {
      const field = (index: number) =>
        Number.parseInt(archive.toString("latin1", at + 6 + 8 * index, at + 14 + 8 * index), 16);
      assert.equal(archive.toString("latin1", at, at + 6), "070701");
      const [mode, size, nameSize] = [field(1), field(6), field(11)];
      const name = archive.toString("latin1", at + 110, at + 110 + nameSize - 1);
      headers.push(`${name} ${mode.toString(8)} ${size} ${field(9)}:${field(10)}`);
      const body = (at + 110 + nameSize + 3) & ~3;
      at = (body + size + 3) & ~3;
    }
    assert.deepEqual(headers, [
      "dev 40755 0 0:0",
      "dev/console 20600 0 5:1",
      "init 100755 5 0:0",
      "TRAILER!!! 100644 0 0:0",
    ]);
  });

  for (const endian of ["little", "big"] as const) {
    test(`writes records that are read back, ${endian}-endian`, () => {
      const bytes = recorded(
        endian,
        1,
        [3, 1, 0, 0xc0000000, "memory"],
        [1, 0, 0, 8, ""],
        [2, 0, 0, 0, "<4>[    1.5] x: one\n<6>[   12.345678] two\n"],
        [4, 0, 0, 0xc0000010, ".text"],
        [8, 0, 1, 0, ""],
        [1, 0, 1, 0, ""],
        [3, 2, EVERY, 0xc0002000, "later"],
        [5, 0, EVERY, 0, "y 4096 0 - Live 0xc0002000\n"],
        [7, 0, EVERY, 0, "y_run [y] (1)      \n"],
        [9, 0, 1, 0, "# tracer: function\n"],
      );
      assert.equal(answered(bytes, endian), 2);
      const { whole, trouble, modules, listed, enabled } = readRecords(bytes, endian, WIDTH_32, 3);
      assert.deepEqual([whole, trouble], [true, []]);
      assert.deepEqual(listed, ["y 4096 0 - Live 0xc0002000"]);
      assert.deepEqual(enabled, ["y_run [y] (1)      "]);
      const [one, two, three] = modules;
      assert.deepEqual([one?.errno, one?.paused, one?.lines], [8, true, ["x: one", "two"]]);
      assert.deepEqual(one?.sections, [{ name: ".text", address: 0xc0000010 }]);
      const memory = (module: GuestModule | undefined) =>
        module?.memory.map(({ moment, bytes: body }) => [moment, Buffer.from(body).toString()]);
      assert.deepEqual(memory(one), [["relocated", "memory"]]);
      assert.deepEqual([two?.errno, two?.paused, memory(two)], [0, false, [["off", "later"]]]);
      assert.deepEqual([three?.errno, three?.memory], [null, []]);
      assert.deepEqual([one?.trace, two?.trace], [null, "# tracer: function\n"]);
    });

    test(`has 64-bit addresses of a 64-bit kernel, ${endian}-endian`, () => {
      const bytes = recorded(
        endian,
        1,
        [3, 1, 0, 0xffffffff_c0002000n, "memory"],
        [4, 0, 0, 0xffffffff_c0002010n, ".text"],
      );
      const [one] = readRecords(bytes, endian, WIDTH_64, 1).modules;
      assert.equal(one?.memory[0]?.address, 0xffffffff_c0002000n);
      assert.equal(one?.sections[0]?.address, 0xffffffff_c0002010n);
    });
  }

  test("that ended in the middle of a record, or wrote nonsense, is read up to that point", () => {
    const bytes = recorded("little", 0, [1, 0, 0, 0, ""], [6, 0, 0, 2, "/names"]);
    assert.deepEqual(readRecords(bytes, "little", WIDTH_32, 1).trouble, ["/names (errno 2)"]);
    for (let size = 8; size < bytes.length; size++) {
      assert.equal(readRecords(bytes.subarray(0, size), "little", WIDTH_32, 1).whole, false);
    }
    const huge = recorded("little", 1, [1, 0, 7, 0, ""], [3, 9, 0, 0, "x"]);
    huge.writeUInt32LE(0xffffffff, 0);
    huge.writeUInt32LE(0xfffffff0, 8 + 24 + 12);
    assert.equal(readRecords(huge, "little", WIDTH_32, 1).modules[0]?.memory.length, 0);
  });

  test("is not started when the call is impossible", () => {
    const missing = farjal(["verify", "nothing", "--kernel", MODULE]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /there is no file nothing; --modules DIR says/);
  });
});
