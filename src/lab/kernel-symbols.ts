// The symbol table of a user's kernel. Each symbol extends to the next one, the last to the end of the image. Of
// several symbols at one address the first is used, as in Kernel.symbolAt().

import { type NamedRange, type SymbolTable, symbolTable } from "../ftrace/symbol-table.ts";
import type { Kernel } from "../kernel/kernel.ts";

/** Tables by kernel: machines often share one, and it has tens of thousands of symbols. */
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
    return { name, address, end, size: end - address };
  });
}

/** The first symbol at each address. */
export function firstAtEach<T extends { readonly address: number }>(symbols: readonly T[]): T[] {
  return symbols.filter(({ address }, index) => symbols[index - 1]?.address !== address);
}
