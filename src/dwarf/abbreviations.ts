// Abbreviations (.debug_abbrev, DWARF 5, 7.5.3): the shapes of entries. Units name a table by its offset; tables are read
// once. Entries whose attributes have a fixed size, most of them, are moved over in one step.

import { type Encoding, fixedSize } from "./forms.ts";
import type { Limits } from "./limits.ts";
import { DW_AT_sibling, DW_FORM_implicit_const } from "./numbers.ts";
import { DebugReader, type DebugSection } from "./reader.ts";

export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** DW_AT_* and DW_FORM_* of each attribute, in the entries' order. */
  readonly names: readonly number[];
  readonly forms: readonly number[];
  /** The values of DW_FORM_implicit_const; 0 for other forms. */
  readonly constants: readonly number[];
  /** The bytes that all attributes take; -1 when that depends on their values. */
  readonly size: number;
  /** Whether entries state where their children end (DW_AT_sibling). */
  readonly hasSibling: boolean;
}

export type AbbreviationTable = ReadonlyMap<number, Abbreviation>;

export class AbbreviationTables {
  readonly #section: DebugSection;
  readonly #limits: Limits;
  readonly #tables = new Map<string, AbbreviationTable>();

  constructor(section: DebugSection, limits: Limits) {
    this.#section = section;
    this.#limits = limits;
  }

  /** The table at an offset, for units of an encoding. */
  at(offset: number, encoding: Encoding): AbbreviationTable {
    const { version, addressSize, offsetSize } = encoding;
    const key = `${offset} ${version === 2} ${addressSize} ${offsetSize}`;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const table = this.#read(new DebugReader(this.#section, offset), encoding);
    this.#tables.set(key, table);
    return table;
  }

  #read(reader: DebugReader, encoding: Encoding): AbbreviationTable {
    const table = new Map<number, Abbreviation>();
    for (let code = reader.uleb(); code !== 0; code = reader.uleb()) {
      const tag = reader.uleb();
      const hasChildren = reader.u8() !== 0;
      const names: number[] = [];
      const forms: number[] = [];
      const constants: number[] = [];
      let size = 0;
      for (;;) {
        const name = reader.uleb();
        const form = reader.uleb();
        const constant = form === DW_FORM_implicit_const ? reader.sleb() : 0;
        if (name === 0 && form === 0) break;
        names.push(name);
        forms.push(form);
        constants.push(constant);
        const fixed = fixedSize(form, encoding);
        size = fixed < 0 || size < 0 ? -1 : size + fixed;
      }
      this.#limits.count("abbreviations", 1 + names.length);
      const hasSibling = names.includes(DW_AT_sibling);
      table.set(code, { tag, hasChildren, names, forms, constants, size, hasSibling });
      // Some assemblers leave out the 0 at the end of the section.
      if (reader.left === 0) break;
    }
    return table;
  }
}
