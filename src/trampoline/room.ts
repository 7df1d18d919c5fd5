// Where a block has room for veneers. They are in the module's own block, so that they exist as long as the code that
// uses them: after the last section, and, for the lower part of a block that crosses a boundary between two regions, in
// head room below the first section, which then moves up with all others. Slots are aligned to a veneer's size, which
// divides a region, so no slot crosses a boundary. Places are in bytes from the block's base, whatever the width of its
// address.

import { type Address, distance, lowWord, plus } from "../address.ts";
import { REGION_SIZE, regionOf } from "./region.ts";

export interface Room<A extends Address> {
  readonly base: A;
  /** Bytes of the block's sections. */
  readonly size: number;
  /** The sections' greatest alignment: they move by a multiple of it. */
  readonly alignment: number;
  /** Bytes from the base to the first address that the block can't grow into. */
  readonly limit: number;
  /** Bytes of a veneer, a power of two. */
  readonly slot: number;
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** The first place for a slot at or after the given place. */
function slotAt<A extends Address>({ base, slot }: Room<A>, place: number): number {
  const off = (lowWord(base) + place) % slot;
  return off === 0 ? place : place + slot - off;
}

/** Bytes by which the sections move up to leave room for `headSlots` veneers below them. */
export function headShift<A extends Address>(room: Room<A>, headSlots: number): number {
  if (headSlots === 0) return 0;
  return alignUp(slotAt(room, 0) + headSlots * room.slot, room.alignment);
}

/** The greatest number of head slots that leaves the sections below the limit. */
export function mostHeadSlots<A extends Address>(room: Room<A>): number {
  const spare = Math.floor((room.limit - room.size) / room.alignment) * room.alignment;
  return Math.max(0, Math.floor((spare - slotAt(room, 0)) / room.slot));
}

/** Allocates a block's slots: those of the tail first, then those of the head, in each region in ascending order. */
export class Slots<A extends Address> {
  readonly #room: Room<A>;
  readonly #tail: number;
  readonly #headEnd: number;
  #head: number;
  #end: number;
  readonly #next = new Map<A, number>();

  constructor(room: Room<A>, headSlots: number) {
    this.#room = room;
    this.#head = slotAt(room, 0);
    this.#headEnd = this.#head + headSlots * room.slot;
    this.#end = headShift(room, headSlots) + room.size;
    this.#tail = slotAt(room, this.#end);
  }

  /** Bytes of the block with the sections and every slot handed out so far. */
  get end(): number {
    return this.#end;
  }

  /** The address of a free slot in the region, or null if the block has none there. */
  take(region: A): A | null {
    const { base, limit, slot } = this.#room;
    const from = distance(base, region);
    const tail = this.#next.get(region) ?? Math.max(this.#tail, from);
    if (tail < from + REGION_SIZE && tail + slot <= limit) {
      this.#next.set(region, tail + slot);
      this.#end = Math.max(this.#end, tail + slot);
      return plus(base, tail);
    }
    if (this.#head < this.#headEnd && regionOf(plus(base, this.#head)) === region) {
      const head = this.#head;
      this.#head += slot;
      return plus(base, head);
    }
    return null;
  }
}
