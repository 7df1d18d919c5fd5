// Why a call into the guest ended before it returned, as a value and as a sentence. The run's whole
// state stays in the machine, so that whoever asks can look further.

import {
  EXC_ADEL,
  EXC_ADES,
  EXC_BP,
  EXC_CPU,
  EXC_DBE,
  EXC_IBE,
  EXC_INT,
  EXC_MCHECK,
  EXC_MOD,
  EXC_OV,
  EXC_RI,
  EXC_SYS,
  EXC_TLBL,
  EXC_TLBS,
  EXC_TR,
  EXC_WATCH,
} from "../../assembly/shared/opcodes.ts";
import { hex } from "../hex.ts";
import { find, hasDelaySlot, INSTRUCTIONS } from "../isa/table.ts";
import type { Profile } from "./processor.ts";

export interface GuestStop {
  /**
   * exception: the processor took one; budget: the instruction budget ran out; unresolved: a function
   * with no code behind it was called; wait: the guest waits for an interrupt that never comes;
   * panic: the guest gave up; killed: a debugger ended it.
   */
  readonly kind: "exception" | "budget" | "unresolved" | "wait" | "panic" | "killed";
  /** The manual's name of the exception (`AdEL`, `RI`, ...), the function's name, or the kind. */
  readonly name: string;
  /** The instruction that it stopped at; in a delay slot, the slot's own address. */
  readonly pc: number;
  readonly inDelaySlot: boolean;
  /** Address that an address error or a TLB exception is about. */
  readonly badVAddr?: number;
  /** The 32 general registers. */
  readonly registers: readonly number[];
  /** The words around pc, in the order of their addresses. */
  readonly code: readonly CodeWord[];
  /** What, where and what to do, in a sentence. */
  readonly message: string;
}

/** A word of code as it stands in the guest's memory. */
export interface CodeWord {
  readonly address: number;
  /** null where nothing is mapped. */
  readonly word: number | null;
  /** `name+0xoffset`, or null where no symbol is. */
  readonly symbol: string | null;
}

interface ExceptionName {
  readonly name: string;
  readonly says: string;
  readonly hasAddress: boolean;
}

const EXCEPTIONS: ReadonlyMap<number, ExceptionName> = new Map(
  (
    [
      [EXC_INT, "Int", "an interrupt", false],
      [EXC_MOD, "Mod", "a store to a read-only page", true],
      [EXC_TLBL, "TLBL", "a load or fetch where nothing is mapped", true],
      [EXC_TLBS, "TLBS", "a store where nothing is mapped", true],
      [EXC_ADEL, "AdEL", "a load or fetch at an address that is misaligned or not allowed", true],
      [EXC_ADES, "AdES", "a store at an address that is misaligned or not allowed", true],
      [EXC_IBE, "IBE", "a fetch outside the guest's memory", false],
      [EXC_DBE, "DBE", "a load or store outside the guest's memory", false],
      [EXC_SYS, "Sys", "a syscall, which no kernel is there to serve", false],
      [EXC_BP, "Bp", "a break, which kernel code uses for BUG()", false],
      [EXC_RI, "RI", "an instruction that the processor reserves", false],
      [EXC_CPU, "CpU", "an instruction of a coprocessor that is not there", false],
      [EXC_OV, "Ov", "an integer overflow", false],
      [EXC_TR, "Tr", "a trap, which kernel code uses for BUG_ON()", false],
      [EXC_WATCH, "WATCH", "a watched address", false],
      [EXC_MCHECK, "MCheck", "a machine check (two TLB entries match)", false],
    ] as const
  ).map(([code, name, says, hasAddress]) => [code, { name, says, hasAddress }]),
);

/** Where a stop happened, as the machine finds it. */
export interface StopPlace {
  /** Which processor. */
  readonly profile: Profile;
  readonly pc: number;
  readonly inDelaySlot: boolean;
  readonly registers: readonly number[];
  readonly code: readonly CodeWord[];
  /** `symbol+0xoffset [module]` for an address. */
  readonly describe: (address: number) => string;
}

/** An exception that no handler takes. */
export function exceptionStop(code: number, badVAddr: number, place: StopPlace): GuestStop {
  const { name, says } = named(code, place);
  const exception = EXCEPTIONS.get(code);
  const at = exception?.hasAddress ? ` (address ${hex(badVAddr)})` : "";
  return {
    ...stop("exception", name, place),
    ...(exception?.hasAddress ? { badVAddr } : {}),
    message:
      `exception ${name}: ${says}${at}, ` +
      `at ${where(place)}, ` +
      `called from ${place.describe(place.registers[31] ?? 0)}`,
  };
}

/**
 * An exception that the processor took, and one that came instead of a handler.
 * @param second what came, at `vectorPc`.
 */
export function noHandlerStop(
  code: number,
  second: number,
  vectorPc: number,
  place: StopPlace,
): GuestStop {
  const { name, says } = named(code, place);
  const then = EXCEPTIONS.get(second)?.name ?? `ExcCode ${second}`;
  return {
    ...stop("exception", name, place),
    message:
      `exception ${name}: ${says}, at ${where(place)}, and no handler for it: its vector led to ` +
      `exception ${then} at ${place.describe(vectorPc)}`,
  };
}

function named(code: number, place: StopPlace): { name: string; says: string } {
  const { name, says } = EXCEPTIONS.get(code) ?? { name: `ExcCode ${code}`, says: "unknown" };
  return { name, says: code === EXC_RI ? whyReserved(place) : says };
}

function where({ pc, inDelaySlot, describe }: StopPlace): string {
  return `${describe(pc)}${inDelaySlot ? " in a delay slot" : ""}`;
}

/** What the word at pc is that the processor reserves, and what mends it if something does. */
function whyReserved({ pc, inDelaySlot, code, profile }: StopPlace): string {
  const word = code.find(({ address }) => address === pc)?.word ?? null;
  const row = word === null ? undefined : find(INSTRUCTIONS, word);
  if (row !== undefined && inDelaySlot && hasDelaySlot(row)) return "a branch in a delay slot";
  if (profile !== "4Kc") return "an instruction that MIPS32 Release 2 reserves";
  if (row?.release2 !== true) return "an instruction that MIPS32 Release 1 reserves";
  return (
    `${row.name}, which MIPS32 Release 2 added and a 4Kc, of Release 1, doesn't have; ` +
    "take a 24Kc or 4KEc (--cpu 24Kc), or build for -march=mips32"
  );
}

export function budgetStop(budget: number, place: StopPlace): GuestStop {
  return {
    ...stop("budget", "budget", place),
    message:
      `the budget of ${budget} instructions ran out at ${place.describe(place.pc)}; ` +
      "an endless loop, or give it more (--budget N)",
  };
}

export function waitStop(place: StopPlace): GuestStop {
  return {
    ...stop("wait", "wait", place),
    message: `WAIT at ${place.describe(place.pc)}: no interrupt can end it`,
  };
}

export function unresolvedStop(name: string, place: StopPlace): GuestStop {
  return {
    ...stop("unresolved", name, place),
    message:
      `${name} was called from ${place.describe(place.registers[31] ?? 0)}, but no code is behind it: ` +
      `provide("${name}", ...) in a program, or give a kernel whose image has it (--kernel vmlinuz)`,
  };
}

export function panicStop(text: string, place: StopPlace): GuestStop {
  return {
    ...stop("panic", "panic", place),
    message: `${text}; called from ${place.describe(place.registers[31] ?? 0)}`,
  };
}

export function killedStop(place: StopPlace, by: string): GuestStop {
  return {
    ...stop("killed", "killed", place),
    message: `ended by ${by} at ${place.describe(place.pc)}`,
  };
}

function stop(
  kind: GuestStop["kind"],
  name: string,
  { pc, inDelaySlot, registers, code }: StopPlace,
): Omit<GuestStop, "message"> {
  return { kind, name, pc, inDelaySlot, registers, code };
}
