// The built modules that the benches run: test/modules and src/lab-kernel keep them.

import { readFileSync } from "node:fs";
import { type Endian, Machine, type ModuleFile, readModule } from "../src/index.ts";

/** One of test/modules' modules. */
export function builtModule(name: string, endian: Endian): ModuleFile {
  const url = new URL(`../../test/modules/built/${name}-${endian}.ko`, import.meta.url);
  return readModule(readFileSync(url));
}

/** A machine with that module in it, its far jumps mended. */
export async function machineWith(name: string, endian: Endian): Promise<Machine> {
  const machine = await Machine.create({ endian });
  machine.insmodFile(builtModule(name, endian), { base: 0xc0000000, farJumps: "trampoline" });
  return machine;
}
