// Ten thousand damaged modules, made from our own by a fixed seed: bits flipped, files cut, fields of the
// ELF structures overwritten with extreme values, pieces moved about. Each goes the whole way: read,
// described, planned, loaded, run for a while. It may be refused at any step, by name; it may not crash
// the host, hang it, or fail in a way that nobody named.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describeModule, Machine, Misuse, Refusal, readModule } from "../../src/index.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { mutate } from "./mutate.ts";

const MUTATIONS = 10_000;
/** A guest that writes where it likes may spoil its machine; a new one comes after so many modules. */
const MODULES_A_MACHINE = 50;
const BUDGET = 3000;
/** Far above what any takes; a loop that a count in the file drives would pass it by orders. */
const LONGEST_MILLISECONDS = 5000;

/** Modules with every kind of section between them, and a function to call. */
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
    // The mutations reach every step; a mutator that only makes rubbish would prove nothing.
    for (const end of ["refused", "returned", "stopped"]) {
      assert.ok((ends.get(end) ?? 0) > MUTATIONS / 100, `${end}: ${ends.get(end)}`);
    }
  });
}

/** How it ended; throws when it ended in a way that no Refusal or Misuse names. */
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
    const { exception } = machine.call(call, [3], { budget: BUDGET });
    return exception === undefined ? "returned" : "stopped";
  } finally {
    tracer.stop();
    for (const event of tracer.events()) assert.equal(typeof event.name, "string");
  }
}
