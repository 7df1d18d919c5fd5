// One call of a host function by the guest, as the host function sees it. The arguments are copied into a frozen array
// when the call begins, so that what a test framework's mock has recorded stays true afterwards. Everything else reads
// the machine's present state, which is no longer this call's when the host function has returned: it is then refused.

import { Misuse } from "../../errors.ts";
import type { GuestMemory } from "../../processor/guest-memory.ts";

/** A host function's view of its call: o32 arguments, memory and the caller. */
export interface HostCall {
  /** The function's name. */
  readonly name: string;
  /**
   * The arguments as unsigned words, in a frozen array that stays valid after the call: a0 to a3, or as many as
   * the options of provide() ask for.
   */
  readonly args: readonly number[];
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
  /**
   * Calls guest code; the machine's registers are restored afterwards. If the guest code doesn't return, the whole call
   * from the host ends with its reason.
   */
  callGuest(address: number, args: readonly number[]): number;
}

/** What a host call needs of the machine while it runs. */
export interface HostCallContext {
  readonly memory: GuestMemory;
  readonly returnAddress: number;
  /** Argument `index`, read from the registers or the caller's stack. */
  arg(index: number): number;
  register(number: number): number;
  setRegister(number: number, value: number): void;
  charge(steps: number): void;
  callGuest(address: number, args: readonly number[]): number;
}

/** Arguments that o32 passes in registers, and the number of those that are recorded by default. */
export const REGISTER_ARGUMENTS = 4;
/** Characters of a guest string that the host reads in the time of one guest instruction. */
const CHARACTERS_OF_A_STEP = 64;

/** A call for a host function, and what marks it as over. */
export interface OpenHostCall {
  readonly call: HostCall;
  end(): void;
}

/**
 * Opens a call. Its methods may be taken from it: `({ arg, memory }) => …`.
 * @param count how many arguments are recorded.
 */
export function openHostCall(name: string, count: number, context: HostCallContext): OpenHostCall {
  const { memory, returnAddress } = context;
  const words: number[] = [];
  for (let index = 0; index < count; index += 1) words.push(context.arg(index));
  // Most host functions need no array, and freezing one costs as much as the rest of a call.
  let args: readonly number[] | undefined;
  let open = true;
  const live = (): HostCallContext => {
    if (open) return context;
    throw new Misuse(
      `the call of ${name} is over: read what you need while the host function runs, or use call.args`,
    );
  };
  const arg = (index: number): number => words[index] ?? live().arg(index);
  return {
    call: {
      name,
      get args() {
        args ??= Object.freeze(words);
        return args;
      },
      memory,
      returnAddress,
      arg,
      string: (index) => {
        const { charge } = live();
        const text = memory.string(arg(index));
        charge(Math.floor(text.length / CHARACTERS_OF_A_STEP));
        return text;
      },
      register: (number) => live().register(number),
      setRegister: (number, value) => live().setRegister(number, value),
      charge: (steps) => live().charge(steps),
      callGuest: (address, words) => live().callGuest(address, words),
    },
    end: () => {
      open = false;
    },
  };
}
