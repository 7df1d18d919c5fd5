// The host's writes to the core's table of code addresses (assembly/interpreter/dispatch.ts): which code is translated,
// in which slot, and which code can't be. An address has two places; a third address for the same two replaces the
// entry in the second.

import { DISPATCH, DISPATCH_SIZE } from "../../assembly/shared/memory-map.ts";
import {
  DISPATCH_ENTRIES,
  DISPATCH_HIGH,
  DISPATCH_LOW,
  DISPATCH_NEVER,
  DISPATCH_TRANSLATED,
  HOT_AFTER,
} from "../../assembly/shared/translated-code.ts";

/** Visits after which resting code is put back. */
const REST = 64;

export class DispatchTable {
  readonly #words: Uint32Array;
  readonly #core: Uint32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#core = new Uint32Array(memory);
    this.#words = new Uint32Array(memory, DISPATCH, DISPATCH_SIZE / 4);
  }

  /** The code at pc is translated, in this slot. */
  translated(pc: number, slot: number): void {
    this.#set(pc, DISPATCH_TRANSLATED | slot);
  }

  /** The code at pc can only be interpreted. */
  never(pc: number): void {
    this.#set(pc, DISPATCH_NEVER);
  }

  /**
   * The code at pc is no longer translated. If it `rests`, a few visits bring it back. One visit would be too few: for
   * code that is rewritten in every iteration, interpreting costs less than inserting and removing it each time.
   */
  withdrawn(pc: number, rests: boolean): void {
    const hotAfter = this.#core[HOT_AFTER / 4] ?? 0;
    const visits = rests ? Math.max(0, hotAfter - REST) : 0;
    if (this.#words[this.#find(pc)] === pc) this.#set(pc, visits);
  }

  clear(): void {
    this.#words.fill(0);
  }

  #set(pc: number, state: number): void {
    let at = this.#find(pc);
    // Translated code looks up the first place itself and the second through the core.
    if (this.#words[at] !== pc && !this.#isTranslated(beside(at))) at = beside(at);
    this.#words[at] = pc;
    this.#words[at + 1] = state;
  }

  /** The place that contains pc, or else the second of its two places. */
  #find(pc: number): number {
    const at = entryOf(pc);
    return this.#words[at] === pc ? at : beside(at);
  }

  #isTranslated(at: number): boolean {
    return ((this.#words[at + 1] ?? 0) & DISPATCH_TRANSLATED) !== 0;
  }
}

function beside(at: number): number {
  return at ^ 2;
}

/** The index of an address' first entry, in words. */
function entryOf(pc: number): number {
  return 2 * (((pc >>> DISPATCH_LOW) ^ (pc >>> DISPATCH_HIGH)) & (DISPATCH_ENTRIES - 1));
}
