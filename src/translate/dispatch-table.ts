// The core's table of code addresses (assembly/dispatch.ts), written from the host's side: what is translated
// and in which slot, what never will be, and what is to be asked about at its next visit. Two addresses that
// share an entry take it from each other.

import {
  DISPATCH,
  DISPATCH_ENTRIES,
  DISPATCH_HIGH,
  DISPATCH_LOW,
  DISPATCH_NEVER,
  DISPATCH_SIZE,
  DISPATCH_TRANSLATED,
} from "../../assembly/layout.ts";

/** A count of visits that is above any limit. */
const ASK_AGAIN = 0x20000000;

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

  /** The code at pc is no longer translated; `ask` where its next visit may bring it back at once. */
  withdrawn(pc: number, ask: boolean): void {
    if (this.#words[entryOf(pc)] === pc) this.#set(pc, ask ? ASK_AGAIN : 0);
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
