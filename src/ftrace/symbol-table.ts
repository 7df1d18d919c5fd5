// Tables of symbols by address, used for modules, kernels and traces alike. A table consists of plain columns, so it
// can be sent to another thread. It is immutable: later symbols go into another table, and of several tables the first
// that contains an address names it.

import { lastAtOrBelow } from "../ordered-list.ts";

export interface SymbolTable {
  /** null for the kernel's own. */
  readonly module: string | null;
  /** Ascending. */
  readonly addresses: Float64Array;
  /** The end of each symbol's range: the first address after it. */
  readonly ends: Float64Array;
  /** Bytes of each symbol, which may be fewer than its range has; 0: unknown. */
  readonly sizes: Float64Array;
  readonly names: readonly string[];
}

/** A part of the address space with its name. */
export interface NamedRange {
  readonly address: number;
  readonly end: number;
  readonly name: string;
  /** Bytes of the symbol; default: 0, unknown. */
  readonly size?: number;
}

/** The symbol that contains an address. */
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

/** @param ranges ascending by address; of several at one address the last is used. */
export function symbolTable(module: string | null, ranges: readonly NamedRange[]): SymbolTable {
  return {
    module,
    addresses: Float64Array.from(ranges, ({ address }) => address),
    ends: Float64Array.from(ranges, ({ end }) => end),
    sizes: Float64Array.from(ranges, ({ size }) => size ?? 0),
    names: ranges.map(({ name }) => name),
  };
}

/** The last symbol at or below an address, if the address is in its range. */
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

/** The symbol at an address, from the first table that contains it. */
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
