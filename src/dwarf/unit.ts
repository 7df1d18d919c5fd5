// A unit of .debug_info: its header, its entries and what its attributes refer to in other sections. An entry (DIE) is
// read where it is asked for: its attributes' positions first, each value when it is needed. functions.ts and types.ts
// decide which entries those are.

import type { Abbreviation, AbbreviationTable } from "./abbreviations.ts";
import { type Encoding, passValue } from "./forms.ts";
import type { Limits } from "./limits.ts";
import {
  DW_AT_addr_base,
  DW_AT_comp_dir,
  DW_AT_high_pc,
  DW_AT_low_pc,
  DW_AT_ranges,
  DW_AT_rnglists_base,
  DW_AT_sibling,
  DW_AT_stmt_list,
  DW_AT_str_offsets_base,
  DW_FORM_addr,
  DW_FORM_addrx,
  DW_FORM_addrx1,
  DW_FORM_addrx2,
  DW_FORM_addrx3,
  DW_FORM_addrx4,
  DW_FORM_data1,
  DW_FORM_data2,
  DW_FORM_data4,
  DW_FORM_data8,
  DW_FORM_flag,
  DW_FORM_flag_present,
  DW_FORM_implicit_const,
  DW_FORM_indirect,
  DW_FORM_line_strp,
  DW_FORM_ref_addr,
  DW_FORM_ref_udata,
  DW_FORM_ref1,
  DW_FORM_ref2,
  DW_FORM_ref4,
  DW_FORM_ref8,
  DW_FORM_rnglistx,
  DW_FORM_sdata,
  DW_FORM_sec_offset,
  DW_FORM_string,
  DW_FORM_strp,
  DW_FORM_strx,
  DW_FORM_strx1,
  DW_FORM_strx2,
  DW_FORM_strx3,
  DW_FORM_strx4,
  DW_FORM_udata,
} from "./numbers.ts";
import { type AddressRange, rangeList, rangeList4 } from "./ranges.ts";
import { DebugReader, type DebugSection } from "./reader.ts";
import type { DebugSections } from "./sections.ts";

export interface UnitHeader extends Encoding {
  /** Where the header begins in .debug_info, and where the unit ends. */
  readonly offset: number;
  readonly end: number;
  /** The offset of the first entry. */
  readonly entries: number;
  /** DW_UT_*. */
  readonly type: number;
  readonly abbreviations: number;
}

/** What units share. */
export interface UnitContext {
  readonly sections: DebugSections;
  readonly info: DebugSection;
  readonly limits: Limits;
  tables(offset: number, encoding: Encoding): AbbreviationTable;
  /** The unit that contains an offset of .debug_info. */
  unitAt(offset: number): Unit;
}

export class Unit {
  readonly header: UnitHeader;
  readonly context: UnitContext;
  readonly root: Entry;
  readonly #abbreviations: AbbreviationTable;
  #strOffsetsBase = 0;
  // A damaged unit's own base may be an indexed address, which is then read from the section's start.
  #addrBase = 0;
  #rnglistsBase = 0;

  constructor(header: UnitHeader, context: UnitContext) {
    this.header = header;
    this.context = context;
    this.#abbreviations = context.tables(header.abbreviations, header);
    const root = this.entryAt(header.entries);
    this.root = root ?? this.reader(header.entries).fail("a unit has no entries");
    const base = (name: number): number => this.root.number(name) ?? 0;
    const listHeader = header.offsetSize === 8 ? 16 : 8;
    this.#strOffsetsBase = this.root.number(DW_AT_str_offsets_base) ?? listHeader;
    this.#addrBase = base(DW_AT_addr_base);
    this.#rnglistsBase = base(DW_AT_rnglists_base);
  }

  /** DW_AT_comp_dir: the folder to which relative paths belong. */
  get directory(): string | null {
    return this.root.string(DW_AT_comp_dir);
  }

  /** The offset of the unit's line table; undefined if it has none. */
  get lineTable(): number | undefined {
    return this.root.number(DW_AT_stmt_list);
  }

  /** A reader of the unit's bytes. */
  reader(at: number): DebugReader {
    const { info } = this.context;
    if (at < this.header.offset || at > this.header.end) {
      new DebugReader(info).fail("a reference leads out of its unit", at);
    }
    return new DebugReader(info, at, this.header.end);
  }

  /** The entry at an offset of .debug_info; null for the null entry, which ends a list of children. */
  entryAt(offset: number): Entry | null {
    const reader = this.reader(offset);
    return this.next(reader);
  }

  /** Reads the next entry; the reader is then behind its attributes. */
  next(reader: DebugReader): Entry | null {
    const offset = reader.at;
    const shape = this.shape(reader);
    return shape === null ? null : new Entry(this, offset, shape, reader);
  }

  /** The shape of the next entry, whose attributes then follow; null for the null entry. */
  shape(reader: DebugReader): Abbreviation | null {
    const offset = reader.at;
    const code = reader.uleb();
    if (code === 0) return null;
    const shape = this.#abbreviations.get(code);
    if (shape === undefined) reader.fail(`abbreviation ${code} isn't there`, offset);
    return shape;
  }

  /** The direct children of an entry. */
  *children(entry: Entry): Generator<Entry> {
    if (!entry.hasChildren) return;
    const reader = this.reader(entry.behind);
    while (reader.left > 0) {
      const child = this.next(reader);
      if (child === null) return;
      this.#passChildren(reader, child);
      yield child;
    }
  }

  #passChildren(reader: DebugReader, entry: Entry): void {
    if (!entry.hasChildren) return;
    const { sibling } = entry;
    if (sibling !== undefined) {
      reader.seek(Math.max(sibling, reader.at));
      return;
    }
    for (let depth = 1; depth > 0 && reader.left > 0; ) {
      const shape = this.shape(reader);
      if (shape === null) depth -= 1;
      else {
        this.passAttributes(reader, shape);
        if (shape.hasChildren) depth += 1;
      }
    }
  }

  passAttributes(reader: DebugReader, { size, forms }: Abbreviation): void {
    if (size >= 0) {
      reader.skip(size);
      return;
    }
    for (const form of forms) passValue(reader, form, this.header);
  }

  /** An indexed string: .debug_str_offsets and .debug_str. */
  indexedString(index: number): string {
    const { sections } = this.context;
    const { offsetSize } = this.header;
    const offsets = sections.needed("str_offsets");
    const reader = new DebugReader(offsets, this.#strOffsetsBase + index * offsetSize);
    return this.sectionString("str", reader.offset(offsetSize));
  }

  sectionString(section: "str" | "line_str", offset: number): string {
    return new DebugReader(this.context.sections.needed(section), offset).string();
  }

  /** An indexed address: .debug_addr. */
  indexedAddress(index: number): number {
    const { addressSize } = this.header;
    const at = this.#addrBase + index * addressSize;
    return new DebugReader(this.context.sections.needed("addr"), at).address(addressSize);
  }

  /** The addresses of an entry's code; several parts for code that was split. Empty when it has none. */
  rangesOf(entry: Entry): AddressRange[] {
    const low = entry.number(DW_AT_low_pc);
    const high = entry.number(DW_AT_high_pc);
    if (low !== undefined && high !== undefined) {
      const end = entry.isAddress(DW_AT_high_pc) ? high : low + high;
      return low < end ? [{ start: low, end }] : [];
    }
    const list = entry.number(DW_AT_ranges);
    if (list === undefined) return [];
    const { sections, limits } = this.context;
    // The base address of a unit that has several parts is 0, and so it is where it isn't given.
    const base = this.root.number(DW_AT_low_pc) ?? 0;
    const context = { encoding: this.header, limits, base };
    if (this.header.version < 5) return rangeList4(sections.needed("ranges"), list, context);
    const section = sections.needed("rnglists");
    const { offsetSize } = this.header;
    let at = list;
    if (entry.formOf(DW_AT_ranges) === DW_FORM_rnglistx) {
      const index = new DebugReader(section, this.#rnglistsBase + list * offsetSize);
      at = this.#rnglistsBase + index.offset(offsetSize);
    }
    return rangeList(section, at, { ...context, address: (index) => this.indexedAddress(index) });
  }
}

/** A debugging information entry. */
export class Entry {
  readonly unit: Unit;
  readonly offset: number;
  /** The offset behind its attributes: its first child, if it has children. */
  readonly behind: number;
  readonly #shape: Abbreviation;
  readonly #positions: readonly number[];

  /** @param reader behind the abbreviation's code; it passes the attributes. */
  constructor(unit: Unit, offset: number, shape: Abbreviation, reader: DebugReader) {
    this.unit = unit;
    this.offset = offset;
    this.#shape = shape;
    this.#positions = shape.forms.map((form) => {
      const { at } = reader;
      passValue(reader, form, unit.header);
      return at;
    });
    this.behind = reader.at;
  }

  get tag(): number {
    return this.#shape.tag;
  }

  get hasChildren(): boolean {
    return this.#shape.hasChildren;
  }

  has(name: number): boolean {
    return this.#shape.names.includes(name);
  }

  /** The form of an attribute, behind DW_FORM_indirect; undefined if the entry doesn't have it. */
  formOf(name: number): number | undefined {
    return this.#value(name)?.form;
  }

  /** Whether an attribute is an address, as DW_AT_high_pc may be or not. */
  isAddress(name: number): boolean {
    switch (this.formOf(name)) {
      case DW_FORM_addr:
      case DW_FORM_addrx:
      case DW_FORM_addrx1:
      case DW_FORM_addrx2:
      case DW_FORM_addrx3:
      case DW_FORM_addrx4:
        return true;
      default:
        return false;
    }
  }

  flag(name: number): boolean {
    const value = this.#value(name);
    if (value === undefined) return false;
    return (
      value.form === DW_FORM_flag_present ||
      (value.form === DW_FORM_flag && value.reader.u8() !== 0)
    );
  }

  /** A constant, an address, or an offset in another section; undefined if the attribute is none or isn't there. */
  number(name: number): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const { form, reader, constant } = value;
    const { header } = this.unit;
    switch (form) {
      case DW_FORM_addr:
        return reader.address(header.addressSize);
      case DW_FORM_data1:
        return reader.u8();
      case DW_FORM_data2:
        return reader.u16();
      case DW_FORM_data4:
        return reader.u32();
      case DW_FORM_data8:
        return reader.u64();
      case DW_FORM_udata:
      case DW_FORM_rnglistx:
        return reader.uleb();
      case DW_FORM_sdata:
        return reader.sleb();
      case DW_FORM_implicit_const:
        return constant;
      case DW_FORM_sec_offset:
        return reader.offset(header.offsetSize);
      case DW_FORM_addrx:
        return this.unit.indexedAddress(reader.uleb());
      case DW_FORM_addrx1:
        return this.unit.indexedAddress(reader.u8());
      case DW_FORM_addrx2:
        return this.unit.indexedAddress(reader.u16());
      case DW_FORM_addrx3:
        return this.unit.indexedAddress(reader.u24());
      case DW_FORM_addrx4:
        return this.unit.indexedAddress(reader.u32());
      default:
        return undefined;
    }
  }

  /** A text, in Latin-1; null if the attribute is none, isn't there, or is in another file. */
  string(name: number): string | null {
    const value = this.#value(name);
    if (value === undefined) return null;
    const { form, reader } = value;
    const { unit } = this;
    switch (form) {
      case DW_FORM_string:
        return reader.string();
      case DW_FORM_strp:
        return unit.sectionString("str", reader.offset(unit.header.offsetSize));
      case DW_FORM_line_strp:
        return unit.sectionString("line_str", reader.offset(unit.header.offsetSize));
      case DW_FORM_strx:
        return unit.indexedString(reader.uleb());
      case DW_FORM_strx1:
        return unit.indexedString(reader.u8());
      case DW_FORM_strx2:
        return unit.indexedString(reader.u16());
      case DW_FORM_strx3:
        return unit.indexedString(reader.u24());
      case DW_FORM_strx4:
        return unit.indexedString(reader.u32());
      default:
        return null;
    }
  }

  /** The offset in .debug_info of the entry that an attribute names; undefined if it names none in this file. */
  reference(name: number): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const { form, reader } = value;
    const { header } = this.unit;
    switch (form) {
      case DW_FORM_ref1:
        return header.offset + reader.u8();
      case DW_FORM_ref2:
        return header.offset + reader.u16();
      case DW_FORM_ref4:
        return header.offset + reader.u32();
      case DW_FORM_ref8:
        return header.offset + reader.u64();
      case DW_FORM_ref_udata:
        return header.offset + reader.uleb();
      case DW_FORM_ref_addr:
        return reader.offset(header.version === 2 ? header.addressSize : header.offsetSize);
      default:
        return undefined;
    }
  }

  /** The offset behind the entry's children, where DW_AT_sibling states it. */
  get sibling(): number | undefined {
    return this.reference(DW_AT_sibling);
  }

  #value(
    name: number,
  ):
    | { readonly form: number; readonly reader: DebugReader; readonly constant: number }
    | undefined {
    const index = this.#shape.names.indexOf(name);
    if (index < 0) return undefined;
    const reader = this.unit.reader(this.#positions[index] as number);
    let form = this.#shape.forms[index] as number;
    let constant = this.#shape.constants[index] as number;
    while (form === DW_FORM_indirect) {
      form = reader.uleb();
      if (form === DW_FORM_implicit_const) constant = reader.sleb();
    }
    return { form, reader, constant };
  }
}
