// The debugging information of one ELF file: which line of the source an instruction came from, in which function, and
// through which inlined calls; and all lines and functions of the file. Nothing is read before it is asked for: an
// address costs the headers of the units, and the line table and the functions of one unit. Other files that hold the
// debugging information of a module are found by debug-file.ts.

import { printable } from "../bytes/printable.ts";
import { contents } from "../elf/contents.ts";
import { STT_FUNC } from "../elf/numbers.ts";
import type { ElfObject, Section } from "../elf/object.ts";
import { DEBUG_PATH } from "../limits.ts";
import { lastAtOrBelowBy } from "../ordered-list.ts";
import { AbbreviationTables } from "./abbreviations.ts";
import { AddressSpace, type DebugPlace } from "./address-space.ts";
import {
  callPlace,
  declarationPlace,
  functionName,
  type Scope,
  UnitFunctions,
} from "./functions.ts";
import { Limits } from "./limits.ts";
import { type LineTable, readLineTable } from "./line-table.ts";
import {
  DW_AT_dwo_name,
  DW_AT_GNU_dwo_name,
  DW_UT_compile,
  DW_UT_partial,
  DW_UT_skeleton,
  DW_UT_split_compile,
  DW_UT_split_type,
  DW_UT_type,
} from "./numbers.ts";
import { type AddressRange, RangeIndex } from "./ranges.ts";
import { DebugReader, type DebugSection } from "./reader.ts";
import { DebugSections } from "./sections.ts";
import { Unit, type UnitContext, type UnitHeader } from "./unit.ts";

/** A place in the source. */
export interface SourceFrame {
  /** The function's name, as its symbol has it; null if neither debugging information nor a symbol names it. */
  readonly function: string | null;
  /** The file's path as the compiler wrote it: absolute, or relative to `directory`. */
  readonly file: string | null;
  /** The folder in which the compiler ran (DW_AT_comp_dir). */
  readonly directory: string | null;
  /** null for code that belongs to no line. */
  readonly line: number | null;
  /** From 1 on; null if the compiler didn't write columns. */
  readonly column: number | null;
}

/** The code of one row of a line table: `size` bytes from `offset` of the section on. */
export interface SourceLine extends Omit<SourceFrame, "function"> {
  readonly section: Section;
  readonly offset: number;
  readonly size: number;
  /** Whether it is the beginning of a statement: a good place for a breakpoint. */
  readonly isStatement: boolean;
}

/** A function with code. */
export interface SourceFunction extends Omit<SourceFrame, "column"> {
  /** Its code; several parts if the compiler moved cold code away. */
  readonly parts: readonly {
    readonly section: Section;
    readonly offset: number;
    readonly size: number;
  }[];
}

type FilePath = Pick<SourceFrame, "file" | "directory">;

/** The path of a frame's file, as addr2line prints it. */
export function sourcePath({ file, directory }: FilePath): string | null {
  if (file === null || directory === null || file.startsWith("/")) return file;
  return `${directory}/${file}`;
}

export class DebugInfo {
  readonly elf: ElfObject;
  readonly #space: AddressSpace;
  readonly #context: UnitContext;
  readonly #limits = new Limits();
  readonly #lineTables = new Map<number, LineTable>();
  readonly #functions = new Map<Unit, UnitFunctions>();
  /** By the files' numbers in the units' line tables. */
  readonly #paths = new Map<Unit, Map<number, FilePath>>();
  #units: readonly Unit[] | undefined;
  #index: RangeIndex<Unit> | undefined;
  #symbols: RangeIndex<string> | undefined;

  /** Use openDebugInfo(). */
  constructor(elf: ElfObject, space: AddressSpace, sections: DebugSections) {
    this.elf = elf;
    this.#space = space;
    // Sections are prepared by the first question.
    let info: DebugSection | undefined;
    let tables: AbbreviationTables | undefined;
    this.#context = {
      sections,
      get info() {
        info ??= sections.needed("info");
        return info;
      },
      limits: this.#limits,
      tables: (offset, encoding) => {
        tables ??= new AbbreviationTables(sections.needed("abbrev"), this.#limits);
        return tables.at(offset, encoding);
      },
      unitAt: (offset) => this.unitAt(offset),
    };
  }

  /**
   * The source of a place in the file's code: the innermost function first, then those that it was inlined into, each
   * with the line of the call. The last one is the function that was compiled. Empty when nothing is known.
   * @param section a section of the module.
   * @throws Misuse when the debugging information is damaged.
   */
  framesAt(section: Pick<Section, "index">, offset: number): readonly SourceFrame[] {
    const address = this.#space.addressOf(section.index, offset);
    return address === undefined ? [] : this.#frames(address);
  }

  /** The same for an address of a linked file: a vmlinux. */
  framesAtAddress(address: number | bigint): readonly SourceFrame[] {
    const place = this.#space.placeOfLinked(address);
    return place === undefined ? [] : this.framesAt(place.section, place.offset);
  }

  /** The code of every row of the line tables, unit by unit. */
  *lines(): Generator<SourceLine> {
    const seen = new Set<LineTable>();
    for (const unit of this.units) {
      const table = this.#lineTable(unit);
      if (table === null || seen.has(table)) continue;
      seen.add(table);
      for (const { start, end, file: number, line, column, isStatement } of table.spans()) {
        const place = this.#space.placeOf(start);
        if (place === undefined) continue;
        const { section, offset } = place;
        const { file, directory } = this.#file(unit, number);
        yield {
          section,
          offset,
          size: end - start,
          file,
          directory,
          line: line || null,
          column: column || null,
          isStatement,
        };
      }
    }
  }

  /** Every function with code, unit by unit; inlined calls aren't functions of their own. */
  *functions(): Generator<SourceFunction> {
    for (const unit of this.units) {
      for (const scope of this.#functionsOf(unit).scopes) {
        if (scope.caller !== null) continue;
        const found = this.#function(scope);
        if (found.parts.length > 0) yield found;
      }
    }
  }

  /** The function that contains an address of a linked file, not an inlined one; null if it is unknown. */
  functionAtAddress(address: number | bigint): SourceFunction | null {
    const place = this.#space.placeOfLinked(address);
    const at = place && this.#space.addressOf(place.section.index, place.offset);
    const unit = at === undefined ? undefined : this.#unitIndex.at(at);
    if (at === undefined || unit === undefined) return null;
    let scope = this.#functionsOf(unit).at(at);
    while (scope !== undefined && scope.caller !== null) scope = scope.caller;
    return scope === undefined ? null : this.#function(scope);
  }

  #function({ entry, ranges }: Scope): SourceFunction {
    const place = declarationPlace(entry);
    return {
      function: text(functionName(entry)),
      ...(place === null
        ? { file: null, directory: null, line: null }
        : { ...this.#file(place.unit, place.file), line: place.line || null }),
      parts: this.#parts(ranges),
    };
  }

  /** What is in other files that aren't read, in sentences: functions and inlined calls, or names. */
  get elsewhere(): readonly string[] {
    const split = this.units.flatMap(
      ({ root }) => root.string(DW_AT_dwo_name) ?? root.string(DW_AT_GNU_dwo_name) ?? [],
    );
    const [first] = split;
    const alternative = this.elf.sections.find(({ name }) => name === ".gnu_debugaltlink");
    const sentences: string[] = [];
    if (first !== undefined) {
      const more = split.length === 1 ? "" : ` and ${split.length - 1} more`;
      sentences.push(
        `its inlined calls are in split files (${text(first)}${more}), which aren't read: build it without -gsplit-dwarf`,
      );
    }
    if (alternative !== undefined) {
      const path = contents(this.elf, alternative).string(0, DEBUG_PATH).split("\0")[0] ?? "";
      sentences.push(
        `some of its functions are in ${text(path)}, which dwz made for several files and which isn't read`,
      );
    }
    return sentences;
  }

  /** The units of .debug_info: one for each source file. */
  get units(): readonly Unit[] {
    this.#units ??= [...readUnits(this.#context)];
    return this.#units;
  }

  #frames(address: number): SourceFrame[] {
    const unit = this.#unitIndex.at(address);
    if (unit === undefined) return [];
    const table = this.#lineTable(unit);
    const row = table?.at(address);
    let scope = this.#functionsOf(unit).at(address);
    if (row === undefined && scope === undefined) return [];
    const name = (of: Scope): string | null => text(functionName(of.entry));
    const innermost = scope === undefined ? this.#symbolAt(address) : name(scope);
    const frames: SourceFrame[] = [{ function: innermost, ...this.#source(unit, table, row) }];
    for (; scope !== undefined && scope.caller !== null; scope = scope.caller) {
      const call = callPlace(scope.entry);
      frames.push({ function: name(scope.caller), ...this.#source(unit, table, call) });
    }
    return frames;
  }

  /** The last function symbol up to an address: gcc writes no entry with code for some functions, such as empty ones. */
  #symbolAt(address: number): string | null {
    this.#symbols ??= new RangeIndex(
      this.elf.symbols
        .filter(({ type }) => type === STT_FUNC)
        .map((symbol) => {
          const start = this.#space.symbolValue(symbol);
          return { range: { start, end: Infinity }, owner: symbol.name };
        }),
    );
    return this.#symbols.at(address) ?? null;
  }

  #source(
    unit: Unit,
    table: LineTable | null,
    row: { readonly file: number; readonly line: number; readonly column: number } | undefined,
  ): Omit<SourceFrame, "function"> {
    if (table === null || row === undefined) {
      return { file: null, directory: null, line: null, column: null };
    }
    return {
      ...this.#file(unit, row.file),
      line: row.line || null,
      column: row.column || null,
    };
  }

  #file(unit: Unit, file: number): FilePath {
    let paths = this.#paths.get(unit);
    if (paths === undefined) {
      paths = new Map();
      this.#paths.set(unit, paths);
    }
    let known = paths.get(file);
    if (known === undefined) {
      const path = this.#lineTable(unit)?.path(file) ?? null;
      known = { file: text(path), directory: path === null ? null : text(unit.directory) };
      paths.set(file, known);
    }
    return known;
  }

  #parts(ranges: readonly AddressRange[]): (DebugPlace & { readonly size: number })[] {
    return ranges.flatMap(({ start, end }) => {
      const place = this.#space.placeOf(start);
      return place === undefined ? [] : [{ ...place, size: end - start }];
    });
  }

  #lineTable(unit: Unit): LineTable | null {
    const offset = unit.lineTable;
    if (offset === undefined) return null;
    const known = this.#lineTables.get(offset);
    if (known !== undefined) return known;
    const { sections } = this.#context;
    const table = readLineTable(sections, this.#limits, offset, unit.header.addressSize);
    this.#lineTables.set(offset, table);
    return table;
  }

  #functionsOf(unit: Unit): UnitFunctions {
    const known = this.#functions.get(unit);
    if (known !== undefined) return known;
    const made = new UnitFunctions(unit);
    this.#functions.set(unit, made);
    return made;
  }

  get #unitIndex(): RangeIndex<Unit> {
    this.#index ??= new RangeIndex(
      this.units.flatMap((owner) => this.#codeOf(owner).map((range) => ({ range, owner }))),
    );
    return this.#index;
  }

  /** A unit's code; old assemblers state it only in the line table. */
  #codeOf(unit: Unit): readonly AddressRange[] {
    const stated = unit.rangesOf(unit.root);
    return stated.length > 0 ? stated : (this.#lineTable(unit)?.ranges ?? []);
  }

  /** The unit that contains an offset of .debug_info. @throws Misuse when there is none. */
  unitAt(offset: number): Unit {
    const { units } = this;
    const unit = units[lastAtOrBelowBy(units, ({ header }) => header.offset, offset)];
    if (unit === undefined) {
      return new DebugReader(this.#context.info).fail("a reference leads to no unit", offset);
    }
    return unit;
  }
}

/** Names from the file, made printable. */
function text(name: string | null): string | null {
  return name === null ? null : printable(name);
}

/**
 * Opens a file's debugging information.
 * @param module the module that the file belongs to, if it is another file of the same build (twinDifference()): its
 *   sections are then those of the module. Default: the file itself.
 * @returns null if the file has none: it was built without -g, or stripped.
 * @throws Misuse when it is damaged.
 */
export function openDebugInfo(elf: ElfObject, module: ElfObject = elf): DebugInfo | null {
  const space = new AddressSpace(elf, module);
  const sections = new DebugSections(elf, space);
  return sections.has("info") && sections.has("abbrev")
    ? new DebugInfo(elf, space, sections)
    : null;
}

function* readUnits(context: UnitContext): Generator<Unit> {
  const reader = new DebugReader(context.info);
  while (reader.left > 0) {
    const header = readUnitHeader(reader);
    reader.at = header.end;
    if (header.type !== DW_UT_type && header.entries < header.end) yield new Unit(header, context);
  }
}

function readUnitHeader(reader: DebugReader): UnitHeader {
  const offset = reader.at;
  const { offsetSize, end } = reader.unitLength();
  const version = reader.u16();
  if (version < 2 || version > 5) reader.fail(`a unit's version is ${version}`, offset);
  const type = version >= 5 ? reader.u8() : DW_UT_compile;
  let addressSize = version >= 5 ? reader.u8() : 0;
  const abbreviations = reader.offset(offsetSize);
  if (version < 5) addressSize = reader.u8();
  if (addressSize !== 4 && addressSize !== 8) {
    reader.fail(`a unit's addresses have ${addressSize} bytes`, offset);
  }
  switch (type) {
    case DW_UT_compile:
    case DW_UT_partial:
      break;
    case DW_UT_skeleton:
    case DW_UT_split_compile:
      reader.skip(8);
      break;
    case DW_UT_type:
    case DW_UT_split_type:
      reader.skip(8 + offsetSize);
      break;
    default:
      reader.fail(`a unit's type is ${type}`, offset);
  }
  if (reader.at > end) reader.fail("a unit is shorter than its header", offset);
  return { offset, end, entries: reader.at, type, version, addressSize, offsetSize, abbreviations };
}
