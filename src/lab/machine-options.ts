// What a machine is made with, what a module is loaded with and what a call may take: the options of Machine's
// methods, with their defaults.

import type { Address } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Engine } from "../processor/engine.ts";
import type { CpuModel } from "../processor/processor.ts";
import type { Veneers } from "../trampoline/facts.ts";

export interface MachineOptions {
  /** Default: the kernel's byte order, or little. */
  readonly endian?: Endian;
  /** Bytes of guest RAM, a multiple of 64 KiB up to 512 MiB; default: 64 MiB. */
  readonly memory?: number;
  /** From readKernel(); without it, the built-in lab kernel is what modules import from. */
  readonly kernel?: Kernel;
  /** Instructions a second of virtual time, from which timestamps derive; default: 100 MHz. */
  readonly clockHz?: number;
  /** The processor; default: a 24Kc. A 4Kc is of Release 1 and reserves what Release 2 added. */
  readonly cpu?: CpuModel;
  /** How instructions are run; default: `auto`. Results, counts and traces don't depend on it. */
  readonly engine?: Engine;
}

/** For a machine whose addresses are of type A. */
export interface InsmodOptions<A extends Address = number> {
  /** The name of a module whose file doesn't say one. */
  readonly name?: string;
  /** Take a plain .o that Linux would refuse as a module. */
  readonly object?: boolean;
  /** Guest address of the core block, page-aligned; default: the first free place from 0xc0000000 on. */
  readonly base?: A;
  /** Guest address of the init block; default: above the core block's guard page. */
  readonly initBase?: A;
  /**
   * Address of the module's per-CPU variables on another machine: symbols count from there, and this machine
   * has no area for them.
   */
  readonly perCpuBase?: A;
  /**
   * How to treat a jump that can't reach: by a veneer (default), by Linux's refusal, or by mending the file, as
   * mendModule() does, and loading it as Linux would.
   */
  readonly farJumps?: "trampoline" | "refuse" | "rewrite";
  /** One veneer for all jumps that may share it (default), or one for each, as OpenWrt's loader does. */
  readonly veneers?: Veneers;
  /** Give imports that nobody exports a stub, which ends the run with the symbol's name when called. */
  readonly stubMissing?: boolean;
  /** Run the module's init function and free its init memory, as insmod does. */
  readonly init?: boolean;
  /** The module's arguments: insmod's words, or the text that it makes of them, `level=7 label="two words"`. */
  readonly parameters?: string | readonly string[];
}

export interface CallOptions {
  /** Instructions the call may take, everything it calls included; default: 1,000,000,000. */
  readonly budget?: number;
}

export const DEFAULT_MEMORY = 64 << 20;
export const DEFAULT_CLOCK_HZ = 100_000_000;

/** The byte order that a machine has. @throws Misuse when the kernel's is another than the one asked for. */
export function agreedEndian(asked: Endian | undefined, kernel: Endian | null | undefined): Endian {
  if (asked !== undefined && kernel != null && asked !== kernel) {
    throw new Misuse(`the kernel is ${kernel}-endian, the machine was asked to be ${asked}-endian`);
  }
  return asked ?? kernel ?? "little";
}
