// Where a block has room for veneers. They lie in the module's own block, so that they live as long as
// the code that uses them: after the last section, and, for the low side of a block that straddles a line
// between two regions, in head room below the first section, which then moves up with all the others.
// Slots are aligned to a veneer's size, which divides a region: none is cut by a line.

import { REGION_SIZE, regionOf } from "./region.ts";
import { VENEER_SIZE } from "./veneer.ts";

export interface Room {
  readonly base: number;
  /** Bytes of the block's sections. */
  readonly size: number;
  /** The sections' greatest alignment: they move by multiples of it. */
  readonly alignment: number;
  /** The first address that isn't the block's to grow into. */
  readonly limit: number;
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** Bytes the sections move up to leave `headSlots` veneers below them. */
export function headShift(room: Room, headSlots: number): number {
  if (headSlots === 0) return 0;
  const end = alignUp(room.base, VENEER_SIZE) + headSlots * VENEER_SIZE;
  return alignUp(end - room.base, room.alignment);
}

/** The most head slots that leave the sections below the limit. */
export function mostHeadSlots(room: Room): number {
  const spare = Math.floor((room.limit - room.base - room.size) / room.alignment) * room.alignment;
  const first = alignUp(room.base, VENEER_SIZE) - room.base;
  return Math.max(0, Math.floor((spare - first) / VENEER_SIZE));
}

/** Hands out a block's slots: the tail's first, then the head's, each region's in ascending order. */
export class Slots {
  readonly #limit: number;
  readonly #tail: number;
  readonly #headEnd: number;
  #head: number;
  #end: number;
  readonly #next = new Map<number, number>();

  constructor(room: Room, headSlots: number) {
    this.#limit = room.limit;
    this.#head = alignUp(room.base, VENEER_SIZE);
    this.#headEnd = this.#head + headSlots * VENEER_SIZE;
    this.#end = room.base + headShift(room, headSlots) + room.size;
    this.#tail = alignUp(this.#end, VENEER_SIZE);
  }

  /** The first address after the sections and every slot handed out so far. */
  get end(): number {
    return this.#end;
  }

  /** The address of a slot inside the region, or null when the block has none left there. */
  take(region: number): number | null {
    const tail = this.#next.get(region) ?? Math.max(this.#tail, region);
    if (tail < region + REGION_SIZE && tail + VENEER_SIZE <= this.#limit) {
      this.#next.set(region, tail + VENEER_SIZE);
      this.#end = Math.max(this.#end, tail + VENEER_SIZE);
      return tail;
    }
    if (this.#head < this.#headEnd && regionOf(this.#head) === region) {
      const head = this.#head;
      this.#head += VENEER_SIZE;
      return head;
    }
    return null;
  }
}
