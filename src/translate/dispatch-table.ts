// The core's table of code addresses (assembly/dispatch.ts), written from the host's side: what is translated
// and in which slot, and what never will be. Two addresses that share an entry take it from each other.

import {
  DISPATCH,
  DISPATCH_ENTRIES,
  DISPATCH_HIGH,
  DISPATCH_LOW,
  DISPATCH_NEVER,
  DISPATCH_SIZE,
  DISPATCH_TRANSLATED,
} from "../../assembly/layout.ts";

export class DispatchTable {
  readonly #words: Uint32Array;

  constructor(memory: SharedArrayBuffer) {
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
   * The code at pc is no longer translated. Its visits count from none again, also where it may come back as it
   * was: code that is written in every turn costs less interpreted than put in and taken out in every turn.
   */
  withdrawn(pc: number): void {
    if (this.#words[entryOf(pc)] === pc) this.#set(pc, 0);
  }

  clear(): void {
    this.#words.fill(0);
  }

  #set(pc: number, state: number): void {
    const at = entryOf(pc);
    this.#words[at] = pc;
    this.#words[at + 1] = state;
  }
}

/** Where an address' entry stands, in words. */
function entryOf(pc: number): number {
  return 2 * (((pc >>> DISPATCH_LOW) ^ (pc >>> DISPATCH_HIGH)) & (DISPATCH_ENTRIES - 1));
}
