// Soaks the board: Debian's kernel is restored, works, is saved and restored again, over and over. The host's memory must
// stay flat, and each round must end in the same state as the first: every round begins from the same snapshot and does
// the same work. A quick run makes some rounds, a thorough one half a minute of them; FARJAL_SOAK_SECONDS sets how long
// a thorough one takes, 600 for the whole form.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Linux } from "../../src/board/linux.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { thorough } from "../support/thorough.ts";

const ROUNDS = 2;
const SECONDS = Number(process.env["FARJAL_SOAK_SECONDS"] ?? 30);
/** The first rounds fill caches and compile code. */
const WARM = 1;
const MIB = 2 ** 20;
/** A thorough run makes hundreds of machines of 300 MiB, of which some 50 MiB are touched. */
const MOST_GROWTH = 300 * MIB;
/** Machines that may still be there: the last round's. */
const MOST_ALIVE = 2;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

suite("a soak of the board", { skip: debianSkip }, () => {
  test("leaves the host's memory flat, and ends each round in the same state", async () => {
    const module = readFileSync(debian?.module("usb-common") ?? "");
    const start = Linux.boot({ kernel: await debianImage() }).save({ compressed: false });
    const machines: WeakRef<SharedArrayBuffer>[] = [];
    const noted = (linux: Linux): Linux => {
      machines.push(new WeakRef(linux.board.processor.bytes.buffer));
      return linux;
    };
    const round = (): string => {
      const linux = noted(Linux.restore(start));
      for (let turn = 0; turn < 2; turn += 1) {
        assert.equal(linux.insmod(module).errno, null);
        assert.equal(linux.rmmod("usb_common").errno, null);
      }
      const restored = noted(Linux.restore(linux.save({ compressed: false })));
      assert.equal(restored.insmod(module).errno, null);
      assert.equal(restored.sleep(1).errno, null);
      return createHash("sha256")
        .update(restored.save({ compressed: false }))
        .digest("hex");
    };
    const first = round();
    for (let warm = 1; warm < WARM; warm += 1) assert.equal(round(), first);
    const began = performance.now();
    const isDone = (done: number): boolean =>
      thorough ? performance.now() - began > SECONDS * 1000 : done >= ROUNDS;
    /** What is left after a collection, which a WeakRef's target survives in the turn in which it was used. */
    const left = async () => {
      await turn();
      collect();
      await turn();
      return process.memoryUsage().rss;
    };
    const before = await left();
    let rounds = 0;
    for (; !isDone(rounds); rounds += 1) {
      assert.equal(round(), first, `round ${rounds}`);
      await turn();
    }
    const growth = (await left()) - before;
    const alive = machines.filter((machine) => machine.deref() !== undefined).length;
    assert.ok(machines.length >= 2 * (WARM + ROUNDS));
    assert.ok(alive <= MOST_ALIVE, `${alive} of ${machines.length} machines are still there`);
    assert.ok(growth < MOST_GROWTH, `${Math.round(growth / MIB)} MiB more after ${rounds} rounds`);
  });
});
