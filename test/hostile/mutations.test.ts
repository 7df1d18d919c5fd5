// Tests ten thousand damaged modules, made from our own by a fixed seed: flipped bits, truncated files, ELF
// structures overwritten with extreme values, moved pieces. Each is read, described, planned, loaded, and run for a
// while. Any step may refuse it with a Refusal or Misuse; it may not crash the host, hang it, or throw another error.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describeModule, Machine, Misuse, Refusal, readModule } from "../../src/index.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";
import { mutate } from "./mutate.ts";

const MUTATIONS = thorough ? 10_000 : 1_000;
/** A guest that writes anywhere may damage its machine, so a new machine is made after this many modules. */
const MODULES_A_MACHINE = 50;
const BUDGET = 3000;
/** Far more than any input needs; a loop driven by a count in the file would exceed it by orders of magnitude. */
const LONGEST_MILLISECONDS = 5000;

/** Modules that together have every kind of section, and a function to call. */
const SEEDS = [
  ["jal2009", "work_run"],
  ["modern", "work_run"],
  ["init", "init_keys"],
  ["init_jal", "init_read"],
  ["greet_versions", "init_module"],
] as const;

for (const order of ["little", "big"] as const) {
  test(`${MUTATIONS / 2} damaged ${order}-endian modules are refused or loaded, and nothing else`, async () => {
    const random = new Random(order === "little" ? 2009 : 2025);
    const seeds = SEEDS.map(([name, call]) => ({
      call,
      bytes: readFileSync(repositoryFile(`test/modules/built/${name}-${order}.ko`)),
    }));
    const ends = new Map<string, number>();
    let machine = await Machine.create({ endian: order, memory: 16 << 20 });
    for (let count = 0; count < MUTATIONS / 2; count++) {
      if (count % MODULES_A_MACHINE === 0) {
        machine = await Machine.create({ endian: order, memory: 16 << 20 });
      }
      const { bytes, call } = random.pick(seeds);
      const { bytes: damaged, how } = mutate(bytes, order, random);
      const started = performance.now();
      const end = goAllTheWay(machine, damaged, call, `mutation ${count}, ${how}`);
      const took = performance.now() - started;
      assert.ok(took < LONGEST_MILLISECONDS, `mutation ${count}, ${how}: ${took} ms`);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    // The mutations reach every step; a mutator that makes only unreadable files would prove nothing.
    for (const end of ["refused", "returned", "stopped"]) {
      assert.ok((ends.get(end) ?? 0) > MUTATIONS / 100, `${end}: ${ends.get(end)}`);
    }
  });
}

/** Returns how it ended; throws any error that is no Refusal or Misuse. */
function goAllTheWay(machine: Machine, bytes: Uint8Array, call: string, what: string): string {
  try {
    const file = readModule(bytes);
    describeModule(file);
    machine.plan(file);
    const module = machine.insmodFile(file);
    try {
      return runTraced(machine, call);
    } finally {
      machine.rmmod(module);
    }
  } catch (error) {
    if (error instanceof Refusal) {
      assert.ok(error.explanation !== "" || error.dmesg.length > 0, what);
      return "refused";
    }
    if (error instanceof Misuse) return "misuse";
    throw new Error(what, { cause: error });
  }
}

function runTraced(machine: Machine, call: string): "returned" | "stopped" {
  const tracer = machine.trace({ capacity: 256 });
  try {
    const { exception } = machine.call(call, [3], { budget: BUDGET, throws: false });
    return exception === undefined ? "returned" : "stopped";
  } finally {
    tracer.stop();
    for (const event of tracer.events()) assert.equal(typeof event.name, "string");
  }
}
