// Loads one input as a module and makes its explanation, on a machine that serves many inputs: what one input leaves behind
// must not stop the next.

import type { Address } from "../../src/address.ts";
import {
  describeModule,
  explainModule,
  type LoadedModule,
  Machine,
  Misuse,
  type ModuleFile,
  type ModuleMachine,
  type ModulePlan,
  Refusal,
  readModule,
  StillMachine,
} from "../../src/index.ts";
import { explainPage } from "../../src/report/explain/page.ts";
import { checksum } from "./modules.ts";

const BASES = [0xc0000000, 0xc0000000, 0xcfffe000, 0xcffff000, 0x80f00000, 0xfffc0000, undefined];
/** For 64-bit modules: the same addresses sign-extended, and some that sign extension can't give. */
const BASES_64 = [
  0xffffffff_c0000000n,
  0xffffffff_cffff000n,
  0xc0000000_01230000n,
  0xc0000000_0fffe000n,
  0xffffffff_fff00000n,
  0xffffffff_fffff000n,
  undefined,
];
const MODULES_A_MACHINE = 100;
const MEMORY = 32 << 20;

/** Machines by purpose, each used for a limited number of modules. */
const machines = new Map<string, { machine: Machine | StillMachine; left: number }>();

async function machineFor<M extends Machine | StillMachine>(
  what: string,
  make: () => M | Promise<M>,
): Promise<M> {
  let kept = machines.get(what);
  if (kept === undefined || kept.left === 0) {
    kept = { machine: await make(), left: MODULES_A_MACHINE };
    machines.set(what, kept);
  }
  kept.left -= 1;
  return kept.machine as M;
}

/** Returns "loaded", "refused" or "misuse"; throws anything else. */
export async function loadCase(bytes: Uint8Array): Promise<string> {
  const chance = checksum(bytes);
  const options = {
    object: chance % 5 === 0,
    stubMissing: chance % 3 !== 0,
    farJumps: chance % 2 === 0 ? "refuse" : "trampoline",
  } as const;
  try {
    const file = readModule(bytes, options);
    describeModule(file);
    const { endian, class: bits } = file.elf;
    const settings = { endian, memory: MEMORY };
    if (bits === 64) {
      const machine = await machineFor(`64 ${endian}`, () => StillMachine.create(settings));
      return loadOn(machine, file, options, BASES_64[chance % BASES_64.length], chance);
    }
    const machine = await machineFor(`32 ${endian}`, () => Machine.create(settings));
    return loadOn(machine, file, options, BASES[chance % BASES.length], chance);
  } catch (error) {
    return endOf(error);
  }
}

/** The part of a machine that a case needs. */
interface CaseMachine<A extends Address> extends ModuleMachine<A> {
  insmodFile(file: ModuleFile, options: Placing<A>): LoadedModule<A>;
  plan(file: ModuleFile, options: Placing<A>): ModulePlan<A>;
  rmmod(module: LoadedModule<A>): void;
}

interface Placing<A extends Address> {
  readonly stubMissing: boolean;
  readonly farJumps: "refuse" | "trampoline";
  readonly base?: A;
}

function loadOn<A extends Address>(
  machine: CaseMachine<A>,
  file: ModuleFile,
  { stubMissing, farJumps }: Pick<Placing<A>, "stubMissing" | "farJumps">,
  base: A | undefined,
  chance: number,
): string {
  const placing = { stubMissing, farJumps, ...(base === undefined ? {} : { base }) };
  const explanation = explainModule(machine, file, {
    farJumps,
    plan: () => machine.plan(file, placing),
    load: () => machine.insmodFile(file, placing),
  });
  if (chance % 16 === 0) explainPage(explanation, explanation.verdict.verdict);
  const [module] = machine.modules;
  if (module === undefined) return "refused";
  machine.rmmod(module);
  return "loaded";
}

/** A Refusal or Misuse is a verdict. Anything else, and one without a text, is thrown again. */
export function endOf(error: unknown): string {
  if (error instanceof Refusal && (error.explanation !== "" || error.dmesg.length > 0))
    return "refused";
  if (error instanceof Misuse && error.message !== "") return "misuse";
  throw error;
}
