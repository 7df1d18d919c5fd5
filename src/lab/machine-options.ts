// The options of Machine's methods, with their defaults: for making a machine, loading a module and making a call.

import type { Address } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { RuleChoice } from "../kernel/rules/profile.ts";
import type { OptionKeys } from "../options.ts";
import type { Engine } from "../processor/engine.ts";
import type { CpuModel } from "../processor/processor.ts";
import type { PerBlock, Veneers } from "../trampoline/facts.ts";

export interface MachineOptions {
  /** Default: the kernel's byte order, or little. */
  readonly endian?: Endian;
  /** Bytes of guest RAM, a multiple of 64 KiB up to 512 MiB; default: 64 MiB. */
  readonly memory?: number;
  /** From readKernel(); default: modules import from the built-in lab kernel. */
  readonly kernel?: Kernel;
  /** Which kernel's rules apply; default: those of the kernel's release, or of the release each module is built for. */
  readonly rules?: RuleChoice | undefined;
  /** sizeof(struct module) of the kernel; default: that of the first module that is loaded, if any. */
  readonly structModuleSize?: number | undefined;
  /** Instructions per second of virtual time, which timestamps are computed from; default: 100 MHz. */
  readonly clockHz?: number;
  /** The processor; default: 24Kc. On a 4Kc (Release 1) the instructions that Release 2 added are reserved. */
  readonly cpu?: CpuModel;
  /** How instructions are executed; default: `auto`. Results, counts and traces are the same with each engine. */
  readonly engine?: Engine;
}

export const MACHINE_OPTIONS: OptionKeys<MachineOptions> = {
  endian: true,
  memory: true,
  kernel: true,
  clockHz: true,
  cpu: true,
  engine: true,
  rules: true,
  structModuleSize: true,
};

/** Options for a machine whose addresses have type A. */
export interface InsmodOptions<A extends Address = number> {
  /** The module's name, used when its file doesn't contain one. */
  readonly name?: string;
  /** Accept a plain .o, which Linux would refuse as a module. */
  readonly object?: boolean;
  /**
   * Guest address of the first block (core, or text since Linux 6.4), page-aligned, where the search for the others
   * begins; default: the first free address from 0xc0000000 up, sign-extended for a 64-bit module.
   */
  readonly base?: A;
  /** Guest address of the init block of a kernel before 6.4; default: above the core block's guard page. */
  readonly initBase?: A;
  /** Guest addresses of single blocks, page-aligned, such as { text: 0xc0000000, data: 0xc0010000 }. */
  readonly place?: PerBlock<A>;
  /**
   * Address of the module's per-CPU variables on another machine. Symbols are computed relative to it, and this
   * machine allocates no per-CPU area.
   */
  readonly perCpuBase?: A;
  /**
   * What to do about a jump that can't reach its target: add a veneer (default), refuse the module as Linux does, or
   * mend the file as mendModule() does and load it as Linux would.
   */
  readonly farJumps?: "trampoline" | "refuse" | "rewrite";
  /** One veneer for all jumps that can share it (default), or one per jump, as OpenWrt's loader makes them. */
  readonly veneers?: Veneers;
  /**
   * Give each unresolved import a stub. Calling a stub ends the run and reports the symbol's name; a StillMachine, which
   * runs nothing, gives it an address in the kernel's region.
   */
  readonly stubMissing?: boolean;
  /** Run the module's init function and free its init memory, as insmod does. */
  readonly init?: boolean;
  /** The module's arguments: a list of words as given to insmod, or one text such as `level=7 label="two words"`. */
  readonly parameters?: string | readonly string[];
}

export const INSMOD_OPTIONS: OptionKeys<InsmodOptions> = {
  name: true,
  object: true,
  base: true,
  initBase: true,
  place: true,
  perCpuBase: true,
  farJumps: true,
  veneers: true,
  stubMissing: true,
  init: true,
  parameters: true,
};

export interface BudgetOptions {
  /** The most instructions the call may execute, including everything it calls; default: 1,000,000,000. */
  readonly budget?: number;
}

export const BUDGET_OPTIONS: OptionKeys<BudgetOptions> = {
  budget: true,
};

export interface StartOptions extends BudgetOptions {
  /** A text that is kept with the call, in snapshots too, and returned as `note`. */
  readonly note?: string;
}

export const START_OPTIONS: OptionKeys<StartOptions> = {
  budget: true,
  note: true,
};

export interface CallOptions extends BudgetOptions {
  /**
   * false: a call that does not return gives a result without v0, in place of a thrown CallStopped. Default: true, but
   * for the end of a `budget` that is given here: a caller who sets a limit expects that it can be reached.
   */
  readonly throws?: boolean;
}

export const CALL_OPTIONS: OptionKeys<CallOptions> = {
  budget: true,
  throws: true,
};

export interface ProvideOptions {
  /** How many arguments `call.args` has, from 0 to 64; default: 4, those that o32 passes in registers. */
  readonly args?: number;
  /** The size of the function's result in bits; default: 32. One of 64 is returned as a bigint or a number. */
  readonly returns?: 32 | 64;
}

export const PROVIDE_OPTIONS: OptionKeys<ProvideOptions> = {
  args: true,
  returns: true,
};

export const DEFAULT_MEMORY = 64 << 20;
export const DEFAULT_CLOCK_HZ = 100_000_000;

/** The machine's byte order. @throws Misuse when the kernel's byte order differs from the requested one. */
export function agreedEndian(asked: Endian | undefined, kernel: Endian | null | undefined): Endian {
  if (asked !== undefined && kernel != null && asked !== kernel) {
    throw new Misuse(`the kernel is ${kernel}-endian, the machine was asked to be ${asked}-endian`);
  }
  return asked ?? kernel ?? "little";
}
