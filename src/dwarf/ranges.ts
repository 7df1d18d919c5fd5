// Lists of address ranges: .debug_ranges of DWARF 4 and .debug_rnglists of DWARF 5; and a search in ranges that may
// contain one another.

import { lastAtOrBelow } from "../ordered-list.ts";
import type { Encoding } from "./forms.ts";
import type { Limits } from "./limits.ts";
import {
  DW_RLE_base_address,
  DW_RLE_base_addressx,
  DW_RLE_end_of_list,
  DW_RLE_offset_pair,
  DW_RLE_start_end,
  DW_RLE_start_length,
  DW_RLE_startx_endx,
  DW_RLE_startx_length,
} from "./numbers.ts";
import { DebugReader, type DebugSection } from "./reader.ts";

/** The addresses from `start` up to, not including, `end`. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

interface ListContext {
  readonly encoding: Encoding;
  readonly limits: Limits;
  /** The unit's base address. */
  readonly base: number;
}

/** A list of DWARF 4: pairs of addresses, relative to a base that a pair with the largest address replaces. */
export function rangeList4(
  section: DebugSection,
  at: number,
  { encoding: { addressSize }, limits, base: first }: ListContext,
): AddressRange[] {
  const reader = new DebugReader(section, at);
  const largest = addressSize === 4 ? 0xffffffff : 2 ** 48 - 1;
  const ranges: AddressRange[] = [];
  for (let base = first; ; ) {
    limits.count("ranges");
    const start = reader.address(addressSize);
    const end = reader.address(addressSize);
    if (start === 0 && end === 0) return ranges;
    if (start === largest) base = end;
    else if (start < end) ranges.push({ start: base + start, end: base + end });
  }
}

/** A list of DWARF 5, whose entries have a kind each. @param address an address by its index in .debug_addr. */
export function rangeList(
  section: DebugSection,
  at: number,
  context: ListContext & { address(index: number): number },
): AddressRange[] {
  const { limits, address } = context;
  const { addressSize } = context.encoding;
  const reader = new DebugReader(section, at);
  const ranges: AddressRange[] = [];
  const add = (start: number, end: number): void => {
    if (start < end) ranges.push({ start, end });
  };
  for (let { base } = context; ; ) {
    limits.count("ranges");
    const kind = reader.u8();
    switch (kind) {
      case DW_RLE_end_of_list:
        return ranges;
      case DW_RLE_base_addressx:
        base = address(reader.uleb());
        break;
      case DW_RLE_base_address:
        base = reader.address(addressSize);
        break;
      case DW_RLE_startx_endx:
        add(address(reader.uleb()), address(reader.uleb()));
        break;
      case DW_RLE_startx_length: {
        const start = address(reader.uleb());
        add(start, start + reader.uleb());
        break;
      }
      case DW_RLE_offset_pair: {
        const start = base + reader.uleb();
        add(start, base + reader.uleb());
        break;
      }
      case DW_RLE_start_end:
        add(reader.address(addressSize), reader.address(addressSize));
        break;
      case DW_RLE_start_length: {
        const start = reader.address(addressSize);
        add(start, start + reader.uleb());
        break;
      }
      default:
        reader.fail(`${kind} is no kind of a range list's entry`, reader.at - 1);
    }
  }
}

/**
 * Finds the innermost of the ranges that contain an address: the last that begins, of several that begin together the
 * shortest, of equal ones the last of the list. The ranges are cut into parts that don't overlap, so that each search
 * takes the same short time however they overlap.
 */
export class RangeIndex<T> {
  readonly #starts: number[] = [];
  /** What each part belongs to; undefined for the parts between ranges. */
  readonly #owners: (T | undefined)[] = [];

  constructor(ranges: readonly { readonly range: AddressRange; readonly owner: T }[]) {
    const sorted = [...ranges].sort(
      (a, b) => a.range.start - b.range.start || b.range.end - a.range.end,
    );
    const open: (typeof sorted)[number][] = [];
    // Ends the ranges that end by then. A range below the top one may have ended before it.
    const close = (upTo: number): void => {
      let top = open.at(-1);
      while (top !== undefined && top.range.end <= upTo) {
        const { end } = top.range;
        while (top !== undefined && top.range.end <= end) {
          open.pop();
          top = open.at(-1);
        }
        this.#begin(end, top?.owner);
      }
    };
    for (const one of sorted) {
      close(one.range.start);
      this.#begin(one.range.start, one.owner);
      open.push(one);
    }
    close(Infinity);
  }

  at(address: number): T | undefined {
    return this.#owners[lastAtOrBelow(this.#starts, address)];
  }

  #begin(start: number, owner: T | undefined): void {
    if (this.#starts.at(-1) === start) this.#owners[this.#owners.length - 1] = owner;
    else {
      this.#starts.push(start);
      this.#owners.push(owner);
    }
  }
}
