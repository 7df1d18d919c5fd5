// Windows: ranges of guest memory that are contiguous in host memory too, so that an access needs one comparison
// instead of a page table lookup. A window for reading is a whole mapping. A window for writing must not contain
// translated code, and should not contain code that will be translated soon, since its users would have to be
// translated again. In kseg0, which contains everything, it excludes the neighbourhood of all code. Elsewhere it
// extends from the observed write address up and down to the nearest code, but not far down, since text precedes data.

import { KSEG0, KSEG1, PAGE_SIZE, RAM } from "../../assembly/shared/memory-map.ts";
import { CODE_GRAIN } from "../../assembly/shared/translated-code.ts";
import type { Window } from "./instruction.ts";

/** A contiguous range of memory that the host mapped. */
export interface Mapping {
  readonly address: number;
  readonly physical: number;
  readonly size: number;
  readonly writable: boolean;
}

/** kseg0 is divided into pieces of this size; a piece that contains code has no window for writing. */
const NEIGHBOURHOOD = 0x40000;
/** The greatest distance between a window's start outside kseg0 and the observed write address. */
const FARTHEST_DOWN = 0x10000;

export class Windows {
  readonly #directSize: () => number;
  readonly #mappings: () => readonly Mapping[];
  readonly #codeGrains = new Set<number>();
  readonly #codePages = new Set<number>();
  readonly #codeNeighbourhoods = new Set<number>();

  /** @param directSize bytes of kseg0 that are RAM. */
  constructor(directSize: () => number, mappings: () => readonly Mapping[]) {
    this.#directSize = directSize;
    this.#mappings = mappings;
  }

  /** Physical pages that contain, or once contained, translated code. */
  get codePages(): Iterable<number> {
    return this.#codePages;
  }

  /** Notes that there is code at a physical address. */
  addCode(physical: number): void {
    this.#codeGrains.add(Math.floor(physical / CODE_GRAIN));
    this.#codePages.add(Math.floor(physical / PAGE_SIZE));
    this.#codeNeighbourhoods.add(Math.floor(physical / NEIGHBOURHOOD));
  }

  forgetCode(): void {
    this.#codeGrains.clear();
    this.#codePages.clear();
    this.#codeNeighbourhoods.clear();
  }

  /** The window around addresses that were read. */
  forReading(least: number, greatest: number): Window | undefined {
    const mapping = this.#around(least, greatest);
    return (
      mapping && { start: mapping.address, size: mapping.size, offset: RAM + mapping.physical }
    );
  }

  /** The window around addresses that were written. */
  forWriting(least: number, greatest: number): Window | undefined {
    const mapping = this.#around(least, greatest);
    if (!mapping?.writable) return undefined;
    const { address, physical } = mapping;
    const direct = address === KSEG0 || address === KSEG1;
    const unit = direct ? NEIGHBOURHOOD : CODE_GRAIN;
    const lowest = direct ? 0 : least - address - FARTHEST_DOWN;
    const isFree = (offset: number): boolean => {
      if (direct) return !this.#codeNeighbourhoods.has(Math.floor((physical + offset) / unit));
      return !this.#codeGrains.has(Math.floor((physical + offset) / unit));
    };
    let start = Math.floor((least - address) / unit) * unit;
    let end = start;
    while (end < mapping.size && isFree(end)) {
      const page = Math.floor((physical + end) / PAGE_SIZE);
      // A page without code needs one check, not sixty-four.
      const empty = !direct && end % PAGE_SIZE === 0 && !this.#codePages.has(page);
      end += empty ? PAGE_SIZE : unit;
    }
    if (end <= greatest - address) return undefined;
    while (start > 0 && start > lowest && isFree(start - unit)) start -= unit;
    const size = Math.min(end, mapping.size) - start;
    return { start: address + start, size, offset: RAM + physical + start };
  }

  /** Whether an address is in kseg0, kseg1 or a page of the host's. */
  isLasting(address: number): boolean {
    return this.#around(address, address) !== undefined;
  }

  /** Whether stores near an address would hit a page that contains code. */
  onCodePage(address: number): boolean {
    const mapping = this.#around(address, address);
    if (mapping === undefined) return false;
    const physical = mapping.physical + address - mapping.address;
    return this.#codePages.has(Math.floor(physical / PAGE_SIZE));
  }

  #around(least: number, greatest: number): Mapping | undefined {
    const direct = (address: number): Mapping => ({
      address,
      physical: 0,
      size: this.#directSize(),
      writable: true,
    });
    const candidates = [direct(KSEG0), direct(KSEG1), ...this.#mappings()];
    return candidates.find(
      ({ address, size }) => least >= address && greatest < address + size - 3,
    );
  }
}
