// Names for addresses: a module's functions and objects, sorted, and the nearest one at or below an
// address within its section, as kallsyms finds it. Built once when a module loads and kept after it is
// gone, so that a trace still has its names.

import { STT_FUNC } from "../elf/numbers.ts";
import { type SymbolTable, symbolTable } from "../ftrace/symbol-table.ts";
import type { LoadedModule, LoadedSymbol } from "../module/loaded.ts";

/** What holds an address. */
export interface NamedAddress {
  readonly name: string;
  /** null for the kernel's own. */
  readonly module: string | null;
  readonly address: number;
  readonly offset: number;
  /** Bytes; 0 when nobody says. */
  readonly size: number;
}

export class SymbolIndex {
  readonly #module: string;
  readonly #symbols: readonly LoadedSymbol[];
  #table: SymbolTable | undefined;

  constructor(module: LoadedModule) {
    this.#module = module.name;
    this.#symbols = module.symbols.filter(({ name }) => !name.startsWith("$")).sort(byAddress);
  }

  /** The same as a table. */
  get table(): SymbolTable {
    this.#table ??= symbolTable(
      this.#module,
      this.#symbols.map(({ name, address, section }) => {
        return { name, address, end: section.address + section.size };
      }),
    );
    return this.#table;
  }

  /** The symbol that holds the address, or undefined when it is in none of the module's sections. */
  at(address: number): NamedAddress | undefined {
    let low = 0;
    let high = this.#symbols.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#symbols[middle]?.address ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.#symbols[low - 1];
    if (symbol === undefined) return undefined;
    const { section } = symbol;
    if (address < section.address || address >= section.address + section.size) return undefined;
    const { name, size } = symbol;
    return {
      name,
      module: this.#module,
      address: symbol.address,
      offset: address - symbol.address,
      size,
    };
  }
}

/** Ascending; at one address a function comes last, so that the search ends on it. */
function byAddress(a: LoadedSymbol, b: LoadedSymbol): number {
  return a.address - b.address || Number(a.type === STT_FUNC) - Number(b.type === STT_FUNC);
}
