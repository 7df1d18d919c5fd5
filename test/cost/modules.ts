// The cost lab's own modules, one source built with each design of call site, each in a machine of its own.

import { readFileSync } from "node:fs";
import {
  adoptEntries,
  type Endian,
  type LoadedModule,
  Machine,
  readEntries,
  readModule,
  type Veneers,
} from "../../src/index.ts";
import { repositoryFile } from "../support/repository.ts";

export const ENDIANS: readonly Endian[] = ["little", "big"];
export const DESIGNS = ["plain", "plain-long", "jal", "long", "long-ra", "nops3", "nops4"] as const;
export type DesignName = (typeof DESIGNS)[number];

/** Enough memory for these modules; saving and restoring takes longer with more. */
const MEMORY = 16 << 20;

export interface Loaded {
  readonly machine: Machine;
  readonly module: LoadedModule;
}

/** The file of a design's module. */
export function costModule(design: DesignName, endian: Endian): string {
  return repositoryFile(`src/lab-kernel/built/cost-${design}-${endian}.ko`);
}

/** A machine with that module loaded, its patchable entries unchanged. */
export async function loadedAsIs(
  design: DesignName,
  endian: Endian,
  veneers: Veneers = "shared",
): Promise<Loaded> {
  const machine = await Machine.create({ endian, memory: MEMORY });
  const file = readModule(readFileSync(costModule(design, endian)));
  return { machine, module: machine.insmodFile(file, { veneers }) };
}

/** The same with its patchable entries made call sites. */
export async function loaded(
  design: DesignName,
  endian: Endian,
  veneers?: Veneers,
): Promise<Loaded> {
  const both = await loadedAsIs(design, endian, veneers);
  const entries = readEntries(both.machine, both.module);
  if (entries !== null) adoptEntries(both.machine, both.module, entries);
  return both;
}
