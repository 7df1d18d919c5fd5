// Names for addresses: the one answer to "what is at this address", for modules, kernels and traces. A table is
// plain columns, which go to another thread as they are. It is never changed: what a machine learns later is
// another table, and of several tables the first that has an address names it.

import { lastAtOrBelow } from "../address.ts";

export interface SymbolTable {
  /** null for the kernel's own. */
  readonly module: string | null;
  /** Ascending. */
  readonly addresses: Float64Array;
  /** Where each one's part ends: the first address behind it. */
  readonly ends: Float64Array;
  /** Bytes of each symbol, which may be fewer than its part has; 0 when the file doesn't say. */
  readonly sizes: Float64Array;
  readonly names: readonly string[];
}

/** A part of the address space with its name. */
export interface NamedRange {
  readonly address: number;
  readonly end: number;
  readonly name: string;
  /** Bytes of the symbol; default: 0, not known. */
  readonly size?: number;
}

/** The symbol that an address is in. */
export interface NamedAddress {
  readonly name: string;
  /** null for the kernel's own. */
  readonly module: string | null;
  /** Where the symbol begins. */
  readonly address: number;
  readonly offset: number;
  /** Bytes; 0 when the file doesn't say. */
  readonly size: number;
}

/** @param ranges ascending by address; of several at one address the last counts. */
export function symbolTable(module: string | null, ranges: readonly NamedRange[]): SymbolTable {
  return {
    module,
    addresses: Float64Array.from(ranges, ({ address }) => address),
    ends: Float64Array.from(ranges, ({ end }) => end),
    sizes: Float64Array.from(ranges, ({ size }) => size ?? 0),
    names: ranges.map(({ name }) => name),
  };
}

/** The last symbol at or below an address, when the address is in its part. */
export function symbolIn(table: SymbolTable, address: number): NamedAddress | undefined {
  const { addresses, ends, names, sizes, module } = table;
  const found = lastAtOrBelow(addresses, address);
  if (found < 0 || address >= (ends[found] as number)) return undefined;
  const start = addresses[found] as number;
  return {
    name: names[found] as string,
    module,
    address: start,
    offset: address - start,
    size: sizes[found] as number,
  };
}

/** The symbol of the first table that has an address. */
export function symbolAmong(
  tables: Iterable<SymbolTable>,
  address: number,
): NamedAddress | undefined {
  for (const table of tables) {
    const found = symbolIn(table, address);
    if (found !== undefined) return found;
  }
  return undefined;
}
