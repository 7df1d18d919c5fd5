// Loads one input as a module, tells its story, on a machine that serves many: what it
// leaves behind must not stop the next one.

import {
  describeModule,
  type Endian,
  type InsmodOptions,
  Machine,
  Misuse,
  Refusal,
  readModule,
  tellStory,
} from "../../src/index.ts";
import { explainPage } from "../../src/report/explain-page.ts";
import { checksum } from "./modules.ts";

const BASES = [0xc0000000, 0xc0000000, 0xcfffe000, 0xcffff000, 0x80f00000, 0xfffc0000, undefined];
const MODULES_A_MACHINE = 100;
const MEMORY = 32 << 20;

const machines = new Map<Endian, { machine: Machine; left: number }>();

async function machineFor(endian: Endian): Promise<Machine> {
  let kept = machines.get(endian);
  if (kept === undefined || kept.left === 0) {
    kept = { machine: await Machine.create({ endian, memory: MEMORY }), left: MODULES_A_MACHINE };
    machines.set(endian, kept);
  }
  kept.left -= 1;
  return kept.machine;
}

/** "loaded", "refused" or "misuse"; throws anything else. */
export async function loadCase(bytes: Uint8Array): Promise<string> {
  const chance = checksum(bytes);
  const base = BASES[chance % BASES.length];
  const options: InsmodOptions = {
    object: chance % 5 === 0,
    stubMissing: chance % 3 !== 0,
    farJumps: chance % 2 === 0 ? "refuse" : "trampoline",
    ...(base === undefined ? {} : { base }),
  };
  try {
    const file = readModule(bytes, options);
    describeModule(file);
    const machine = await machineFor(file.elf.endian);
    const story = tellStory(machine, file, {
      farJumps: options.farJumps ?? "refuse",
      plan: () => machine.plan(file, options),
      load: () => machine.insmodFile(file, options),
    });
    if (chance % 16 === 0) explainPage(story);
    const [module] = machine.modules;
    if (module === undefined) return "refused";
    machine.rmmod(module);
    return "loaded";
  } catch (error) {
    return endOf(error);
  }
}

/** A verdict is an end; everything else, and a verdict that says nothing, is thrown on. */
export function endOf(error: unknown): string {
  if (error instanceof Refusal && (error.explanation !== "" || error.dmesg.length > 0))
    return "refused";
  if (error instanceof Misuse && error.message !== "") return "misuse";
  throw error;
}
