// The host's mappings into the guest's address space, as pieces that don't overlap. The core's page tables contain
// the same page by page; the translator uses this to find the physical memory of a long address range.

import { KSEG0, KSEG2, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import type { Mapping } from "../translate/windows.ts";

const ADDRESS_SPACE = 2 ** 32;

export class Mappings {
  #pieces: readonly Mapping[] = [];

  get all(): readonly Mapping[] {
    return this.#pieces;
  }

  /** @throws Misuse unless the range is whole pages outside kseg0 and kseg1. */
  static check(address: number, size: number): void {
    if (
      address % PAGE_SIZE !== 0 ||
      size % PAGE_SIZE !== 0 ||
      !(address >= 0 && size > 0 && address + size <= ADDRESS_SPACE)
    ) {
      throw new Misuse(
        `${size} bytes at ${hex(address)} are not whole pages of the guest's address space`,
      );
    }
    if (address < KSEG2 && address + size > KSEG0) {
      throw new Misuse(
        `${size} bytes at ${hex(address)} touch kseg0 or kseg1, which are never mapped`,
      );
    }
  }

  /** Adds a piece, replacing any mapping in its range. */
  add(mapping: Mapping): void {
    this.remove(mapping.address, mapping.size);
    this.#pieces = [...this.#pieces, mapping];
  }

  /** Removes a range, which may leave a piece before it and one after it. */
  remove(address: number, size: number): void {
    const end = address + size;
    this.#pieces = this.#pieces.flatMap((mapping) => {
      const before = address - mapping.address;
      const behind = mapping.address + mapping.size - end;
      if (before >= mapping.size || behind >= mapping.size) return [mapping];
      const left = before > 0 ? [{ ...mapping, size: before }] : [];
      const physical = mapping.physical + mapping.size - behind;
      const right = behind > 0 ? [{ ...mapping, address: end, physical, size: behind }] : [];
      return [...left, ...right];
    });
  }

  replace(mappings: readonly Mapping[]): void {
    this.#pieces = [...mappings];
  }
}
