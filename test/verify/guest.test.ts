// Tests a guest's input and output without a guest: the initramfs is a cpio that cpio reads, records are read as
// guest.c writes them, and impossible calls end in one sentence.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { initramfs } from "../../src/board/initramfs.ts";
import { answered, readRecords } from "../../src/verify/records.ts";
import { farjal } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";

const MODULE = repositoryFile("test/modules/built/modern-little.ko");

function record(kind: number, moment: number, module: number, value: number, body: string): Buffer {
  const header = Buffer.from(Uint32Array.of(kind, moment, module, value, body.length).buffer);
  return Buffer.concat([header, Buffer.from(body), Buffer.alloc(-body.length & 3)]);
}

function recorded(whole: number, ...records: readonly Buffer[]): Buffer {
  const size = records.reduce((sum, one) => sum + one.length, 8);
  return Buffer.concat([Buffer.from(Uint32Array.of(size, whole).buffer), ...records]);
}

suite("a guest", () => {
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

  test("writes records that are read back", () => {
    const bytes = recorded(
      1,
      record(3, 1, 0, 0xc0000000, "memory"),
      record(1, 0, 0, 8, ""),
      record(2, 0, 0, 0, "<4>[    1.5] x: one\n<6>[   12.345678] two\n"),
      record(4, 0, 0, 0xc0000010, ".text"),
    );
    assert.equal(answered(bytes), 1);
    const { whole, trouble, modules } = readRecords(bytes, 2);
    assert.deepEqual([whole, trouble], [true, []]);
    const [one, two] = modules;
    assert.deepEqual([one?.errno, one?.lines], [8, ["x: one", "two"]]);
    assert.deepEqual(one?.sections, [{ name: ".text", address: 0xc0000010 }]);
    assert.equal(Buffer.from(one?.memory[0]?.bytes ?? []).toString(), "memory");
    assert.deepEqual([two?.errno, two?.memory], [null, []]);
  });

  test("that ended in the middle of a record, or wrote nonsense, is read up to that point", () => {
    const bytes = recorded(0, record(1, 0, 0, 0, ""), record(6, 0, 0, 2, "/names"));
    assert.deepEqual(readRecords(bytes, 1).trouble, ["/names (errno 2)"]);
    for (let size = 8; size < bytes.length; size++) {
      assert.equal(readRecords(bytes.subarray(0, size), 1).whole, false);
    }
    const huge = recorded(1, record(1, 0, 7, 0, ""), record(3, 9, 0, 0, "x"));
    huge.writeUInt32LE(0xffffffff, 0);
    huge.writeUInt32LE(0xfffffff0, 8 + 20 + 16);
    assert.equal(readRecords(huge, 1).modules[0]?.memory.length, 0);
  });

  test("is not started when the call is impossible", () => {
    const missing = farjal(["verify", "nothing", "--kernel", MODULE]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /there is no file nothing; --modules DIR says/);
    const big = repositoryFile("test/modules/built/modern-big.ko");
    const wrong = farjal(["verify", big, "--kernel", MODULE]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /farjal verify boots a 32-bit little-endian one/);
  });
});
