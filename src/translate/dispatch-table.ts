// The core's table of code addresses (assembly/interpreter/dispatch.ts), written from the host's side: what is translated
// and in which slot, and what never will be. An address has two places; a third address for both takes the second one.

import { DISPATCH, DISPATCH_SIZE } from "../../assembly/shared/memory-map.ts";
import {
  DISPATCH_ENTRIES,
  DISPATCH_HIGH,
  DISPATCH_LOW,
  DISPATCH_NEVER,
  DISPATCH_TRANSLATED,
  HOT_AFTER,
} from "../../assembly/shared/translated-code.ts";

/** Visits that bring back what rests. */
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

  /** The code at pc is the interpreter's. */
  never(pc: number): void {
    this.#set(pc, DISPATCH_NEVER);
  }

  /**
   * The code at pc is no longer translated. Where it `rests`, few visits bring it back; not one, as code that is
   * written in every turn costs less interpreted than put in and taken out in every turn.
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
    // Translated code finds its own entry at once and the other one by way of the core.
    if (this.#words[at] !== pc && !this.#isTranslated(beside(at))) at = beside(at);
    this.#words[at] = pc;
    this.#words[at + 1] = state;
  }

  /** Where pc stands, or else the other one of its two places. */
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

/** Where an address' entry stands, in words. */
function entryOf(pc: number): number {
  return 2 * (((pc >>> DISPATCH_LOW) ^ (pc >>> DISPATCH_HIGH)) & (DISPATCH_ENTRIES - 1));
}
