// Functions that the guest calls and the host implements. Each is one HYPERCALL word: the core stops there, the host
// function reads its arguments from the registers, and the guest continues at ra with v0 set. The code in the word is
// an index into this table, so guest code that invents a code only gets an error.

import { Misuse } from "../../errors.ts";
import { assemble } from "../../isa/assemble.ts";
import type { GuestMemory } from "../../processor/guest-memory.ts";

/** A host function's view of the call: o32 arguments, memory and the caller. */
export interface HostCall {
  /** The function's name. */
  readonly name: string;
  readonly memory: GuestMemory;
  /** ra: the address where the guest continues. */
  readonly returnAddress: number;
  /** Argument `index` as an unsigned word: a0-a3, then the caller's stack. */
  arg(index: number): number;
  /** The NUL-terminated string that argument `index` points to. */
  string(index: number): string;
  /** A register by number (2 is v0, 29 is sp). */
  register(number: number): number;
  setRegister(number: number, value: number): void;
  /** Deducts steps from the budget, for work whose amount the guest determines. */
  charge(steps: number): void;
  /** Calls guest code; the machine's registers are restored afterwards. */
  callGuest(address: number, args: readonly number[]): number;
}

/** Returns v0; undefined leaves v0 unchanged. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler may end without a return
export type HostFunction = (call: HostCall) => number | void;

interface Entry {
  readonly name: string;
  run: HostFunction;
}

const CODE_LIMIT = 1 << 20;

export class HostFunctions {
  readonly #entries: Entry[] = [];
  readonly #codes = new Map<string, number>();

  /** Adds a function, or replaces the one with that name. @returns its HYPERCALL word. */
  provide(name: string, run: HostFunction): number {
    const known = this.#codes.get(name);
    const entry = known === undefined ? undefined : this.#entries[known];
    if (known !== undefined && entry !== undefined) {
      entry.run = run;
      return hypercallWord(known);
    }
    if (this.#entries.length >= CODE_LIMIT) {
      throw new Misuse(`a machine takes at most ${CODE_LIMIT} host functions`);
    }
    const code = this.#entries.push({ name, run }) - 1;
    this.#codes.set(name, code);
    return hypercallWord(code);
  }

  /** The function of a HYPERCALL code; undefined: no such code. */
  at(code: number): Readonly<Entry> | undefined {
    return this.#entries[code];
  }

  /** All names, by code. */
  get names(): string[] {
    return this.#entries.map(({ name }) => name);
  }

  has(name: string): boolean {
    return this.#codes.has(name);
  }

  /** The implementation of a name. */
  named(name: string): HostFunction | undefined {
    const code = this.#codes.get(name);
    return code === undefined ? undefined : this.#entries[code]?.run;
  }
}

function hypercallWord(code: number): number {
  return assemble("farjal.hypercall", code);
}
