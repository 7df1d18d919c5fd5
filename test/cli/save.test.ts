// Tests `farjal run --save` and `--restore`: a call that stops in one process continues in another without a
// difference, at any instruction; and snapshots that don't fit are refused with the reason.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Machine } from "../../src/lab/machine.ts";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  temporaryDirectory,
} from "./farjal.ts";

for (const order of ORDERS) {
  const modern = builtModule("modern", order);

  /** The number of instructions after which the call is in a delay slot. */
  async function inADelaySlot(target: string, args: number[], least: number): Promise<number> {
    const machine = await Machine.create({ endian: order });
    await machine.insmod(modern, { base: 0xc0000000 });
    const call = machine.start(target, args);
    call.advance(least);
    let done = least;
    for (; !machine.processor.inDelaySlot; done += 1) call.advance(1);
    return done;
  }

  test(`a saved call continues in another process, from a delay slot, ${order}-endian`, async (context) => {
    const file = join(temporaryDirectory(context), "half");
    const words = ["run", modern, "--call", "work_run", "5"];
    const whole = farjalJson(words).json;
    const budget = await inADelaySlot("work_run", [5], 2000);
    const first = farjalJson([...words, "--budget", String(budget), "--save", file]);
    assert.equal(first.code, 1);
    assert.equal(first.json.exception.kind, "budget");
    assert.equal(first.json.exception.inDelaySlot, true);
    assert.match(
      first.stderr,
      /^saved in .*half; the same command with --restore .*half continues/m,
    );
    const second = farjalJson([...words, "--restore", file]);
    assert.equal(second.code, 0);
    assert.deepEqual(second.json, whole);
  });

  test(`a call is saved and restored repeatedly, with memory that it writes, ${order}-endian`, (context) => {
    const file = join(temporaryDirectory(context), "state");
    const words = ["run", modern, "--call", "work_fill", "out:64", "64", "7"];
    const whole = farjalJson(words).json;
    let outcome = farjalJson([...words, "--budget", "100", "--save", file]);
    let runs = 1;
    while (outcome.json.exception !== null) {
      assert.equal(outcome.json.exception.kind, "budget");
      assert.equal(outcome.json.instructions, 100 * runs);
      outcome = farjalJson([...words, "--budget", "100", "--restore", file, "--save", file]);
      runs += 1;
    }
    assert.ok(runs > 2);
    assert.deepEqual(outcome.json, whole);
  });

  test(`a call that failed is still at that instruction when it is restored, ${order}-endian`, (context) => {
    const file = join(temporaryDirectory(context), "bad");
    const words = ["run", modern, "--call", "work_fill", "0", "5", "7"];
    const first = farjalJson([...words, "--save", file]);
    const second = farjalJson([...words, "--restore", file]);
    assert.equal(second.code, 1);
    assert.deepEqual(second.json, first.json);
  });

  test(`a snapshot says which call it holds, and another is refused, ${order}-endian`, (context) => {
    const file = join(temporaryDirectory(context), "half");
    const saving = ["--budget", "2000", "--save", file];
    const whole = farjalJson(["run", modern, "--call", "work_run", "50"]).json;
    assert.equal(whole.call, "work_run(50)");
    farjal(["run", modern, "--call", "work_run", "50", ...saving]);
    const restore = ["run", modern, "--restore", file];
    for (const words of [[], ["--call", "work_run"], ["--call", "work_run(0x32)"]]) {
      const { code, json } = farjalJson([...restore, ...words]);
      assert.equal(code, 0);
      assert.deepEqual(json, whole);
    }
    assert.match(farjal(restore).stdout, /^work_run\(50\) = 0x/m);
    for (const words of [["work_run", "40"], ["work_run()"], ["work_fibonacci", "50"], ["mix"]]) {
      const [call = "", ...args] = words;
      const other = farjal([...restore, "--call", call, ...args]);
      assertMisuse(other, /half holds the call work_run\(50\), not /);
    }
  });

  test(`memory that a saved call was given is the snapshot's, ${order}-endian`, (context) => {
    const directory = temporaryDirectory(context);
    const [file, data, other] = ["half", "data", "other"].map((name) => join(directory, name));
    writeFileSync(data ?? "", Buffer.alloc(64, 1));
    writeFileSync(other ?? "", Buffer.alloc(64, 2));
    const call = (path: string) => ["run", modern, "--call", `work_fill(inout:@${path}, 64, 7)`];
    const whole = farjalJson(call(data ?? "")).json;
    farjal([...call(data ?? ""), "--budget", "100", "--save", file ?? ""]);
    assertMisuse(farjal([...call(other ?? ""), "--restore", file ?? ""]), /holds the call/);
    assert.deepEqual(farjalJson(["run", modern, "--restore", file ?? ""]).json, whole);
  });

  test(`snapshots that don't fit, ${order}-endian`, (context) => {
    const directory = temporaryDirectory(context);
    const file = join(directory, "half");
    const words = ["run", modern, "--call", "work_run", "5"];
    farjal([...words, "--budget", "100", "--save", file]);
    const restore = [...words, "--restore", file];
    assertMisuse(farjal([...restore, "--cpu", "4KEc"]), /of a \w+-endian 24Kc/);
    assertMisuse(
      farjal([...restore, "--base", "c1000000"]),
      /other modules; make this one in the same way/,
    );
    assertMisuse(farjal([...restore, "--memory", "32"]), /bytes of memory/);
    assertMisuse(farjal([...restore, "--gdb", "0"]), /cannot be used with option '--gdb/);
    assertMisuse(farjal([...words, "--restore", join(directory, "none")]), /can't be read/);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length - 1));
    assertMisuse(farjal(restore), /the snapshot is damaged/);
    writeFileSync(file, "text");
    assertMisuse(farjal(restore), /no snapshot/);
  });

  test(`a call that returns saves nothing, ${order}-endian`, (context) => {
    const file = join(temporaryDirectory(context), "none");
    const { code } = farjal(["run", modern, "--call", "work_signed", "1", "2", "--save", file]);
    assert.equal(code, 0);
    assert.equal(existsSync(file), false);
  });
}
