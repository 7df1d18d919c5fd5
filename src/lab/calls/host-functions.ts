// Functions that the guest calls and the host implements. Each is one HYPERCALL word: the core stops there, the host
// function reads its arguments from the registers, and the guest continues at ra with v0 set. The code in the word is
// an index into this table, so guest code that invents a code only gets an error.

import { Misuse } from "../../errors.ts";
import { assemble } from "../../isa/assemble.ts";
import { HOST_FUNCTIONS } from "../../limits.ts";
import { type HostCall, REGISTER_ARGUMENTS } from "./host-call.ts";
import type { HostResult, ResultBits } from "./host-result.ts";

/** Returns a word for v0, a bigint for a result of 64 bits, or nothing, which leaves v0 unchanged. */
export type HostFunction = (call: HostCall) => HostResult;

interface Entry {
  readonly name: string;
  signature: HostSignature;
  run: HostFunction;
}

/** What is known of a host function's C declaration. */
export interface HostSignature {
  /** How many arguments its calls record. */
  readonly args: number;
  /** The size of its result in bits. */
  readonly returns: ResultBits;
}

const USUAL: HostSignature = { args: REGISTER_ARGUMENTS, returns: 32 };

export class HostFunctions {
  readonly #entries: Entry[] = [];
  readonly #codes = new Map<string, number>();

  /** Adds a function, or replaces the one with that name. @returns its HYPERCALL word. */
  provide(name: string, run: HostFunction, given: Partial<HostSignature> = {}): number {
    const signature = { ...USUAL, ...given };
    const known = this.#codes.get(name);
    const entry = known === undefined ? undefined : this.#entries[known];
    if (known !== undefined && entry !== undefined) {
      entry.run = run;
      entry.signature = signature;
      return hypercallWord(known);
    }
    if (this.#entries.length >= HOST_FUNCTIONS) {
      throw new Misuse(`a machine takes at most ${HOST_FUNCTIONS} host functions`);
    }
    const code = this.#entries.push({ name, signature, run }) - 1;
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
