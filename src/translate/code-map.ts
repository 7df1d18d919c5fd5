// Records which translations were made from which physical memory, in grains of 64 bytes, and maintains the core's map
// of it (assembly/memory/code-map.ts), where a bit is set while any translation was made from its grain. It marks no
// pages and makes no decisions.

import { CODE_MAP, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { CODE_GRAIN } from "../../assembly/shared/translated-code.ts";

/** Bits of a word of the map, and words of a page. */
const WORD_BITS = 32;
const PAGE_WORDS = PAGE_SIZE / CODE_GRAIN / WORD_BITS;

/** The number of the 64 bytes around a physical address. */
export function grainOf(physical: number): number {
  return Math.floor(physical / CODE_GRAIN);
}

export class CodeMap<Owner> {
  readonly #words: Uint32Array;
  readonly #owners = new Map<number, Set<Owner>>();

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory, CODE_MAP);
  }

  /** Notes an owner of a grain. @returns whether it is the first. */
  add(grain: number, owner: Owner): boolean {
    const owners = this.#owners.get(grain);
    if (owners !== undefined) {
      owners.add(owner);
      return false;
    }
    this.#owners.set(grain, new Set([owner]));
    this.#set(grain, true);
    return true;
  }

  delete(grain: number, owner: Owner): void {
    const owners = this.#owners.get(grain);
    owners?.delete(owner);
    if (owners?.size !== 0) return;
    this.#owners.delete(grain);
    this.#set(grain, false);
  }

  /** Whether a grain has an owner. */
  has(grain: number): boolean {
    return this.#owners.has(grain);
  }

  /** Whether a physical page has a grain with an owner. */
  hasIn(page: number): boolean {
    const at = page * PAGE_WORDS;
    return this.#words.subarray(at, at + PAGE_WORDS).some((bits) => bits !== 0);
  }

  /** The owners of a range of physical memory, each once; fast when there are none. */
  ownersOf(physical: number, size: number): Set<Owner> {
    const found = new Set<Owner>();
    const last = grainOf(physical + size - 1);
    for (let grain = grainOf(physical); grain <= last; grain++) {
      if (grain % WORD_BITS === 0 && this.#words[grain / WORD_BITS] === 0) grain += WORD_BITS - 1;
      else for (const owner of this.#owners.get(grain) ?? []) found.add(owner);
    }
    return found;
  }

  #set(grain: number, on: boolean): void {
    const at = grain >>> 5;
    const bit = 1 << (grain & (WORD_BITS - 1));
    const bits = this.#words[at] ?? 0;
    this.#words[at] = on ? bits | bit : bits & ~bit;
  }
}
