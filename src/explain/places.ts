// Locations within a module, for the explanation: sections by name, offsets in them, the function that contains an offset,
// and final symbol values as far as they are known. It uses the file and a layout, so it works for a refused module
// as well as for a loaded one.

import { type Address, plus, type Width } from "../address.ts";
import { SHN_ABS, SHN_LIVEPATCH, SHN_UNDEF, STT_FUNC } from "../elf/numbers.ts";
import type { ElfSymbol, Section } from "../elf/object.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { ModuleLayout } from "../module/layout/layout.ts";
import { lastAtOrBelowBy } from "../ordered-list.ts";
import type { PerBlock } from "../trampoline/facts.ts";

/** The address of offset 0 of each block's layout. */
export type Origin<A extends Address> = PerBlock<A>;

/** A place in a section; `address` is null if the section isn't in memory. */
export interface ExplainedPlace<A extends Address = Address> {
  readonly section: string;
  readonly offset: number;
  readonly address: A | null;
  /** The function that contains it, and its offset in the function. */
  readonly function: string | null;
  readonly functionOffset: number;
}

export class Places<A extends Address> {
  readonly width: Width<A>;
  readonly #file: ModuleFile;
  readonly #layout: ModuleLayout | null;
  readonly #origin: Origin<A> | null;
  readonly #imports: ReadonlyMap<string, A>;
  readonly #functions = new Map<number, ElfSymbol[]>();

  /** @param imports addresses of the module's imports. */
  constructor(
    file: ModuleFile,
    width: Width<A>,
    layout: ModuleLayout | null,
    origin: Origin<A> | null,
    imports: ReadonlyMap<string, A>,
  ) {
    this.#file = file;
    this.width = width;
    this.#layout = layout;
    this.#origin = origin;
    this.#imports = imports;
    for (const symbol of file.elf.symbols) {
      if (symbol.type !== STT_FUNC || symbol.section === SHN_UNDEF || symbol.name === "") continue;
      const known = this.#functions.get(symbol.section);
      if (known === undefined) this.#functions.set(symbol.section, [symbol]);
      else known.push(symbol);
    }
    for (const list of this.#functions.values()) list.sort((a, b) => a.value - b.value);
  }

  address(section: number, offset: number): A | null {
    const placed = this.#layout?.sections.get(section);
    if (placed === undefined || this.#origin === null) return null;
    const origin = this.#origin[placed.block];
    return origin === undefined ? null : plus(origin, placed.offset + offset);
  }

  at({ index, name }: Pick<Section, "index" | "name">, offset: number): ExplainedPlace<A> {
    const holder = this.#functionAt(index, offset);
    return {
      section: name,
      offset,
      address: this.address(index, offset),
      function: holder?.name ?? null,
      functionOffset: holder === undefined ? 0 : offset - holder.value,
    };
  }

  /** S of a symbol; null while it isn't known. */
  value({ section, name, value, address, index }: ElfSymbol): A | null {
    if (index === 0 || section === SHN_ABS || section === SHN_LIVEPATCH) {
      return this.width.of(address);
    }
    if (section === SHN_UNDEF) return this.#imports.get(name) ?? null;
    return this.address(section, value);
  }

  /** The last function that begins at or below the offset. */
  #functionAt(section: number, offset: number): ElfSymbol | undefined {
    const list = this.#functions.get(section) ?? [];
    return list[lastAtOrBelowBy(list, ({ value }) => value, offset)];
  }

  get file(): ModuleFile {
    return this.#file;
  }
}
