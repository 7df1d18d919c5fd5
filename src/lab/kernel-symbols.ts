// A user's kernel as a table of names. Each symbol goes on to the next one, the last to the end of the image; of
// several at one address the first counts, as in Kernel.symbolAt().

import { type NamedRange, type SymbolTable, symbolTable } from "../ftrace/symbol-table.ts";
import type { Kernel } from "../kernel/kernel.ts";

/** Machines often share a kernel, and it has tens of thousands of symbols. */
const made = new WeakMap<Kernel, SymbolTable>();

export function kernelSymbols(kernel: Kernel): SymbolTable {
  const known = made.get(kernel);
  if (known !== undefined) return known;
  const table = symbolTable(null, ranges(kernel));
  made.set(kernel, table);
  return table;
}

function ranges({ symbols, image }: Kernel): NamedRange[] {
  const starts = firstAtEach(symbols);
  const imageEnd = image === null ? 0 : image.address + image.bytes.length;
  return starts.map(({ name, address }, index) => {
    const end = starts[index + 1]?.address ?? Math.max(address + 1, imageEnd);
    return { name, address, end };
  });
}

/** Of symbols that begin together, the first. */
export function firstAtEach<T extends { readonly address: number }>(symbols: readonly T[]): T[] {
  return symbols.filter(({ address }, index) => symbols[index - 1]?.address !== address);
}
