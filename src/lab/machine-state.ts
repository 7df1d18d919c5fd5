// The part of a machine's snapshot beside the processor's state; snapshot.ts stores it as its note. It describes how
// the machine was made, which must match where it is restored, and the small host state that is restored. Loaded
// modules, host functions and tracers are host objects, not bytes: they are compared, never restored. So a snapshot
// can be restored into the same machine later, or into one made by the same steps: same kernel, same modules at the
// same addresses, same host functions in the same order.

import type { Range } from "../bytes/ranges.ts";
import { utf8, utf8Bytes } from "../bytes/text.ts";
import { parsedJson } from "../checked-json.ts";
import { Misuse } from "../errors.ts";
import type { CallState } from "./calls/guest-call.ts";

/** How the machine was made. It must be equal in the saved machine and the restored one. */
export interface MachineMaking {
  readonly clockHz: number;
  /** A digest of the kernel's symbols, or null for the lab. */
  readonly kernel: string | null;
  /** The addresses of host functions and stubs, by code. */
  readonly functions: readonly string[];
  readonly stubs: readonly (readonly [name: string, address: number])[];
  readonly modules: readonly {
    readonly name: string;
    readonly memories: readonly (readonly [base: number, size: number])[];
    readonly initFreed: boolean;
  }[];
  /** Call sites that a tracer has switched on. */
  readonly traced: readonly number[];
}

/** The host state that is restored. */
export interface MachineKeeping {
  /** Physical memory in use. */
  readonly physical: readonly Range[];
  readonly log: readonly string[];
  /** The call that is open, or null. */
  readonly call: CallState | null;
}

const SAYS: Readonly<Record<keyof MachineMaking, string>> = {
  clockHz: "clock rate",
  kernel: "kernel",
  functions: "host functions",
  stubs: "stubs for missing symbols",
  modules: "modules",
  traced: "switched-on call sites",
};

export function writeState(making: MachineMaking, keeping: MachineKeeping): Uint8Array {
  return utf8Bytes(JSON.stringify({ making, keeping }));
}

/**
 * Reads what writeState() wrote and checks that it fits a machine made in this way.
 * @throws Misuse when the snapshot is of a bare processor, of a different machine, or damaged.
 */
export function readState(note: Uint8Array, making: MachineMaking): MachineKeeping {
  if (note.length === 0) throw new Misuse("the snapshot is of a processor without a machine");
  const read = parsed(note);
  const saved = object(read["making"]);
  const here = object(JSON.parse(JSON.stringify(making)));
  for (const [key, what] of Object.entries(SAYS)) {
    if (JSON.stringify(saved[key]) !== JSON.stringify(here[key])) {
      throw new Misuse(
        `the snapshot is of a machine with other ${what}; make this one in the same way`,
      );
    }
  }
  const keeping = object(read["keeping"]);
  const { call } = keeping;
  return {
    physical: list(keeping["physical"]).map((one) => {
      const { start, size } = object(one);
      return { start: count(start), size: count(size) };
    }),
    log: list(keeping["log"]).map((line) => {
      if (typeof line !== "string") throw damaged();
      return line;
    }),
    call: call === null ? null : callState(object(call)),
  };
}

function callState(state: Readonly<Record<string, unknown>>): CallState {
  const { target, args, note, started, total, spent, saved } = state;
  if (target === undefined) {
    throw new Misuse("the snapshot is of an earlier farjal, which didn't keep what it calls");
  }
  if (typeof target !== "string" || !(note === null || typeof note === "string")) throw damaged();
  return {
    target,
    args: list(args).map(count),
    note,
    started: count(started),
    total: count(total),
    spent: count(spent),
    saved: list(saved).map(count),
  };
}

function parsed(note: Uint8Array): Readonly<Record<string, unknown>> {
  let read: unknown;
  try {
    read = parsedJson(utf8(note), "the snapshot");
  } catch {
    throw damaged();
  }
  return object(read);
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged();
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw damaged();
  return value;
}

function count(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw damaged();
  return value;
}

function damaged(): Misuse {
  return new Misuse("the snapshot is damaged (its description of the machine)");
}
