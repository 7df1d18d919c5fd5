// The interface of every machine that modules are loaded into, whether it executes them or not. Stories, stacks and
// commands use it. This file also chooses the machine for a module.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import type { Address, Width } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import type { AnyKernel, Kernel } from "../kernel/kernel.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { Taint } from "../module/host.ts";
import type { ModulePlan } from "../module/load.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { KernelRange } from "./kernel-space.ts";
import { Machine } from "./machine.ts";
import type { InsmodOptions, MachineOptions } from "./machine-options.ts";
import type { RecognisedSite } from "./module-sites.ts";
import type { Import } from "./module-table.ts";
import { pageSizeOf, StillMachine, type StillMachineOptions } from "./still-machine.ts";

/** Machine or StillMachine. */
export interface ModuleMachine<A extends Address> {
  readonly endian: Endian;
  readonly width: Width<A>;
  readonly pageSize: number;
  readonly modules: readonly LoadedModule<A>[];
  readonly taints: readonly Taint[];
  readonly kernelRanges: readonly KernelRange<A>[];
  insmodFile(file: ModuleFile, options: InsmodOptions<A>): LoadedModule<A>;
  rmmod(module: LoadedModule<A>): void;
  plan(file: ModuleFile, options: InsmodOptions<A>): ModulePlan<A>;
  importOf(name: string): Import<A> | undefined;
  callSites(module: LoadedModule<A>): readonly RecognisedSite<A>[];
  readonly memory: {
    read(address: A, size: number): Uint8Array;
    u32(address: A): number;
    mapped(address: A, size: number): boolean;
  };
}

/** The kind of machine for a module: decided by the kernel or, without one, by the module's file. */
export interface MachineKind {
  readonly bits: 32 | 64;
  readonly endian: Endian;
  readonly pageSize: number;
}

export function kindFor(file: ModuleFile, kernel: AnyKernel | null): MachineKind {
  const bits = kernel?.bits ?? file.elf.class;
  const endian = kernel?.endian ?? file.elf.endian;
  const vermagic = kernel?.vermagic ?? file.modinfo.get("vermagic") ?? "";
  return { bits, endian, pageSize: bits === 32 ? PAGE_SIZE : pageSizeOf(vermagic) };
}

interface MachineSettings<K> {
  readonly kernel: K | null;
  /** Bytes of guest RAM. */
  readonly memory: number;
}

/** A 32-bit machine, with further options if given. */
export async function makeMachine(
  { endian }: MachineKind,
  {
    kernel,
    ...options
  }: MachineSettings<Kernel> &
    Pick<MachineOptions, "cpu" | "engine" | "rules" | "structModuleSize">,
): Promise<Machine> {
  return Machine.create({ ...options, endian, ...(kernel === null ? {} : { kernel }) });
}

/** A 64-bit machine. */
export function makeStillMachine(
  { endian, pageSize }: MachineKind,
  {
    kernel,
    ...options
  }: MachineSettings<Kernel<bigint>> & Pick<StillMachineOptions, "rules" | "structModuleSize">,
): StillMachine {
  return StillMachine.create({
    ...options,
    endian,
    pageSize,
    ...(kernel === null ? {} : { kernel }),
  });
}
