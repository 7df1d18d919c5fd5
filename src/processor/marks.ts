// Marked addresses: the host is called whenever a jump leads to one of them, with the registers as they are there. The
// core's map has one bit for several addresses (assembly/shared/marks.ts), so the exact list is kept here.

import { MARK_BITS, MARKING } from "../../assembly/shared/marks.ts";
import { MARK_MAP, MARK_MAP_SIZE } from "../../assembly/shared/memory-map.ts";
import { MARKED_ADDRESSES } from "../limits.ts";

/** Called at a marked address, before its instruction. It may read the processor's state and change none of it. */
export type Reached = (address: number) => void;

export class Marks {
  readonly #words: Uint32Array;
  readonly #map: Uint8Array;
  readonly #marked = new Set<number>();
  #reached: Reached | null = null;

  /** @param words the core's memory. */
  constructor(words: Uint32Array) {
    this.#words = words;
    this.#map = new Uint8Array(words.buffer, MARK_MAP, MARK_MAP_SIZE);
  }

  /** Whether jumps are reported. */
  get on(): boolean {
    return this.#reached !== null;
  }

  /** Begins, with no address marked; or ends, with null. */
  follow(reached: Reached | null): void {
    this.#reached = reached;
    this.#marked.clear();
    this.#map.fill(0);
    this.#words[MARKING / 4] = Number(this.on);
  }

  add(address: number): void {
    if (this.#marked.size >= MARKED_ADDRESSES) return;
    this.#marked.add(address);
    const bit = (address >>> 2) & (MARK_BITS - 1);
    this.#map[bit >>> 3] = (this.#map[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }

  has(address: number): boolean {
    return this.#marked.has(address);
  }

  /** The core's call. */
  arrive(address: number): void {
    if (this.#marked.has(address)) this.#reached?.(address);
  }
}
