// Names for addresses as plain columns, which go to another thread as they are. A table is never changed: what
// a machine learns later is another table, and the newest that knows an address names it.

export interface SymbolTable {
  /** null for the kernel's own. */
  readonly module: string | null;
  /** Ascending. */
  readonly addresses: Float64Array;
  /** Where each one's part ends: the first address behind it. */
  readonly ends: Float64Array;
  readonly names: readonly string[];
}

/** A part of the address space with its name. */
export interface NamedRange {
  readonly address: number;
  readonly end: number;
  readonly name: string;
}

/** @param ranges ascending by address; of several at one address the last counts. */
export function symbolTable(module: string | null, ranges: readonly NamedRange[]): SymbolTable {
  return {
    module,
    addresses: Float64Array.from(ranges, ({ address }) => address),
    ends: Float64Array.from(ranges, ({ end }) => end),
    names: ranges.map(({ name }) => name),
  };
}

/** The last entry at or below an address, when the address is in its part. */
export function nameInTable(table: SymbolTable, address: number): string | undefined {
  const { addresses, ends, names } = table;
  let low = 0;
  let high = addresses.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((addresses[middle] as number) <= address) low = middle + 1;
    else high = middle;
  }
  return low > 0 && address < (ends[low - 1] as number) ? names[low - 1] : undefined;
}
