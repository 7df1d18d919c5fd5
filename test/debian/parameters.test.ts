// Tests parameters of Debian's modules, which functions of Debian's kernel set: the standard types, arrays with their
// counts, strings, and a type of the module's own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import {
  type Kernel,
  type LoadedModule,
  Machine,
  readKernel,
  readModule,
} from "../../src/index.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { refusal } from "../support/refusal.ts";

suite("parameters of Debian's modules", { skip: debianSkip }, () => {
  let kernel: Kernel;

  before(async () => {
    kernel = await readKernel(debian?.vmlinuz ?? "");
  });

  async function load(name: string, parameters: readonly string[]) {
    const machine = await Machine.create({ kernel });
    const file = readModule(readFileSync(debian?.module(name) ?? ""));
    const insmod = (): LoadedModule => machine.insmodFile(file, { parameters, stubMissing: true });
    return { machine, insmod };
  }

  test("arrays take their elements, in words, strings and bytes", async () => {
    const { machine, insmod } = await load("snd-dummy", [
      "index=4,-5,0x6",
      "id=one,the second",
      "enable=0,y,N",
      "mixer_volume_level_max=77",
      "hrtimer=0",
    ]);
    insmod();
    const at = (name: string): number => machine.addressOf(name) ?? 0;
    const word = (name: string, index = 0): number => machine.memory.u32(at(name) + 4 * index) | 0;
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => word("index", index)),
      [4, -5, 6, -1],
    );
    assert.equal(machine.memory.string(word("id") >>> 0), "one");
    assert.equal(machine.memory.string(word("id", 1) >>> 0), "the second");
    assert.deepEqual([...machine.memory.read(at("enable"), 3)], [0, 1, 0]);
    assert.equal(word("mixer_volume_level_max"), 77);
    assert.equal(machine.memory.u8(at("hrtimer")), 0);
  });

  test("an array that rejects its elements reports why, and leaves the text as far as it was parsed", async () => {
    const bad = await load("snd-dummy", ["enable=1,x,0"]);
    const first = refusal(bad.insmod);
    assert.equal(first.errno, "EINVAL");
    assert.equal(first.dmesg.at(-1), "snd_dummy: `1' invalid for parameter `enable'");
    const many = await load("snd-dummy", [`index=${Array(33).fill(1).join(",")}`]);
    const { errno, dmesg } = refusal(many.insmod);
    assert.equal(errno, "EINVAL");
    assert.deepEqual(dmesg.slice(-2), [
      "index: can only take 32 arguments",
      "snd_dummy: `1' invalid for parameter `index'",
    ]);
  });

  test("a type of the module's own is set by its function", async () => {
    const { machine, insmod } = await load("usbcore", ["quirks=1234:5678:b,9abc:def0:k", "nousb"]);
    insmod();
    assert.equal(machine.memory.u32(machine.addressOf("quirk_count") ?? 0), 2);
    assert.equal(machine.memory.u8(machine.addressOf("nousb") ?? 0), 1);
  });
});
