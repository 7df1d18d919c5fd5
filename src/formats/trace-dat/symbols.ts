// The symbols of a trace.dat, as lines of /proc/kallsyms, and the lookup of an address. As in trace-cmd, the symbol is
// the nearest one at or below the address; the last symbol has no end and matches only its own address. Addresses of a
// 64-bit kernel are read as signed numbers, so that those near the top of the address space are exact.

import { printableName } from "../../bytes/printable.ts";
import { digits } from "../../hex.ts";
import { lastAtOrBelow } from "../../ordered-list.ts";

const LINE = /^([0-9a-f]+) (\S) (\S+)(?:\s+\[(\S+)\])?/;

export interface AddressName {
  readonly name: string;
  readonly module: string | null;
}

/** The symbol that contains an address. */
export interface SymbolAt extends AddressName {
  readonly address: number;
}

export class Kallsyms {
  readonly #addresses: Float64Array;
  readonly #names: readonly AddressName[];
  readonly #found = new Map<number, AddressName>();
  readonly #longSize: number;

  /** @param longSize the size of an address of the traced kernel, in bytes. */
  constructor(text: string, longSize: number) {
    this.#longSize = longSize;
    const symbols: { readonly address: number; readonly name: AddressName }[] = [];
    for (const line of linesOf(text)) {
      const [, address = "", type = "", name = "", module] = LINE.exec(line) ?? [];
      // Absolute symbols are sizes and offsets; names with `$` are an assembler's marks.
      if (name === "" || type === "A" || type === "a" || name.startsWith("$")) continue;
      symbols.push({
        address: addressOf(address, longSize),
        name: { name: printableName(name), module: module ?? null },
      });
    }
    symbols.sort((a, b) => a.address - b.address);
    this.#addresses = Float64Array.from(symbols, ({ address }) => address);
    this.#names = symbols.map(({ name }) => name);
  }

  /** The name of an address: its digits when no symbol contains it. */
  nameOf(address: number): AddressName {
    const known = this.#found.get(address);
    if (known !== undefined) return known;
    const name = this.#names[this.#search(address)] ?? {
      name: this.#digits(address),
      module: null,
    };
    this.#found.set(address, name);
    return name;
  }

  /** The symbol that contains an address, or undefined. */
  at(address: number): SymbolAt | undefined {
    const index = this.#search(address);
    const name = this.#names[index];
    return name === undefined ? undefined : { ...name, address: this.#addresses[index] as number };
  }

  /** The index of the symbol that contains an address; -1 for none. */
  #search(address: number): number {
    const last = lastAtOrBelow(this.#addresses, address);
    return last + 1 < this.#addresses.length || this.#addresses[last] === address ? last : -1;
  }

  #digits(address: number): string {
    if (this.#longSize === 4) return `0x${digits(address)}`;
    return `0x${BigInt.asUintN(64, BigInt(address)).toString(16).padStart(16, "0")}`;
  }
}

/** A text's lines one by one; a list of many short lines would take more memory than the text. */
export function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    yield text.slice(start, end < 0 ? text.length : end);
    if (end < 0) return;
    start = end + 1;
  }
}

/** An address of hexadecimal digits, as a number: unsigned with 32 bits, signed with 64. */
function addressOf(text: string, longSize: number): number {
  if (longSize === 4) return Number.parseInt(text.slice(-8), 16);
  return Number(BigInt.asIntN(64, BigInt(`0x${text}`)));
}
