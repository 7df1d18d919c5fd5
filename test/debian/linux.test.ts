// Tests the module lab on the real kernel: Debian's, kept running on the board, gives its own verdicts on Debian's
// modules and ours; and a machine restored from a snapshot does the same as one that was not saved, to the last byte.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { RAM } from "../../assembly/shared/memory-map.ts";
import { Linux } from "../../src/board/linux.ts";
import { utf8 } from "../../src/bytes/text.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { repositoryFile } from "../support/repository.ts";

const ours = (name: string) => readFileSync(repositoryFile(`test/modules/built/${name}-little.ko`));
const theirs = (name: string) => readFileSync(debian?.module(name) ?? "");

function stateOf({ board }: Linux) {
  const memory = board.processor.bytes.subarray(RAM);
  return {
    memory: createHash("sha256").update(memory).digest("hex"),
    instructions: board.instructions,
    now: board.now,
    pc: board.processor.pc,
    console: board.console.text,
  };
}

suite("Debian's running kernel", { skip: debianSkip }, () => {
  let snapshot: Uint8Array;

  before(async () => {
    snapshot = Linux.boot({ kernel: await debianImage() }).save();
  });

  test("loads Debian's modules in their order, and names what is missing", () => {
    const linux = Linux.restore(snapshot);
    assert.equal(linux.insmod(theirs("usbcore")).errno, "ENOENT");
    assert.ok(
      linux.dmesg.some((line) => /^usbcore: Unknown symbol usb_\w+ \(err -2\)$/.test(line)),
    );
    assert.deepEqual(linux.insmod(theirs("usb-common")), { errno: null, dmesg: [] });
    const { errno, dmesg } = linux.insmod(theirs("usbcore"));
    assert.equal(errno, null);
    assert.deepEqual(dmesg, [
      "usbcore: registered new interface driver usbfs",
      "usbcore: registered new interface driver hub",
      "usbcore: registered new device driver usb",
    ]);
    assert.match(utf8(linux.read("/proc/modules")), /^usbcore \d+ 0 - Live 0xc/m);
    assert.equal(linux.rmmod("usb_common").errno, "EAGAIN"); // usbcore uses it
    assert.equal(linux.rmmod("usbcore").errno, null);
    assert.equal(linux.rmmod("usb_common").errno, null);
  });

  test("refuses a far jal in its own words", () => {
    const { errno, dmesg } = Linux.restore(snapshot).insmod(ours("jal2009"));
    assert.equal(errno, "ENOEXEC");
    assert.equal(dmesg.at(-1), "module jal2009: relocation overflow");
  });

  test("reads and writes its files", () => {
    const linux = Linux.restore(snapshot);
    linux.write("/sys/kernel/tracing/current_tracer", "function");
    assert.equal(utf8(linux.read("/sys/kernel/tracing/current_tracer")), "function\n");
    linux.write("/tmp/x", "one\n");
    linux.write("/tmp/x", "two\n", { append: true });
    assert.equal(utf8(linux.read("/tmp/x")), "one\ntwo\n");
    assert.throws(() => linux.read("/nowhere"), /the guest can't read \/nowhere: ENOENT/);
    assert.deepEqual(linux.run("true"), { status: 127, output: "" });
    const uptime = () => Number(utf8(linux.read("/proc/uptime")).split(" ")[0]);
    const before = uptime();
    assert.deepEqual(linux.sleep(30), { errno: null, dmesg: [] });
    assert.ok(Math.abs(uptime() - before - 30) < 0.5);
  });

  test("does the same from a snapshot as without one, on each engine", () => {
    const saved = Linux.restore(snapshot);
    saved.insmod(theirs("crc7"));
    const middle = saved.save();
    const ends = (["interpreter", "auto"] as const).map((engine) => {
      const linux = Linux.restore(middle, { engine });
      linux.insmod(theirs("crc-itu-t"));
      linux.insmod(theirs("mbcache"));
      return { ...stateOf(linux), console: "" };
    });
    saved.insmod(theirs("crc-itu-t"));
    saved.insmod(theirs("mbcache"));
    const straight = { ...stateOf(saved), console: "" };
    assert.deepEqual(ends, [straight, straight]);
  });
});
