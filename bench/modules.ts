// Opens the built modules that the benches run. They are in test/modules and src/lab-kernel.

import { readFileSync } from "node:fs";
import { type Endian, Machine, type ModuleFile, readModule } from "../src/index.ts";

/** One of the modules of test/modules. */
export function builtModule(name: string, endian: Endian): ModuleFile {
  const url = new URL(`../../test/modules/built/${name}-${endian}.ko`, import.meta.url);
  return readModule(readFileSync(url));
}

/** A machine with that module loaded and its far jumps mended. */
export async function machineWith(name: string, endian: Endian): Promise<Machine> {
  const machine = await Machine.create({ endian });
  machine.insmodFile(builtModule(name, endian), { base: 0xc0000000, farJumps: "trampoline" });
  return machine;
}
