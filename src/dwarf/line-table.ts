// A unit's line table (.debug_line, DWARF 2 to 5, chapter 6.2): the program in it is run once, and its rows are kept by
// sequence, a sequence being code without gaps. Of rows with the same address the last holds, as in binutils.

import { lastAtOrBelow } from "../ordered-list.ts";
import { type Encoding, passValue } from "./forms.ts";
import type { Limits } from "./limits.ts";
import {
  DW_FORM_data1,
  DW_FORM_data2,
  DW_FORM_line_strp,
  DW_FORM_string,
  DW_FORM_strp,
  DW_FORM_udata,
  DW_LNCT_directory_index,
  DW_LNCT_path,
  DW_LNE_define_file,
  DW_LNE_end_sequence,
  DW_LNE_set_address,
  DW_LNS_advance_line,
  DW_LNS_advance_pc,
  DW_LNS_const_add_pc,
  DW_LNS_copy,
  DW_LNS_fixed_advance_pc,
  DW_LNS_negate_stmt,
  DW_LNS_set_basic_block,
  DW_LNS_set_column,
  DW_LNS_set_epilogue_begin,
  DW_LNS_set_file,
  DW_LNS_set_isa,
  DW_LNS_set_prologue_end,
} from "./numbers.ts";
import { type AddressRange, RangeIndex } from "./ranges.ts";
import { DebugReader } from "./reader.ts";
import type { DebugSections } from "./sections.ts";

/** A file's name and folder, as the table has them. */
interface FileName {
  readonly name: string;
  readonly directory: number;
}

/** The place in the source that a row states. */
export interface LineRow {
  /** The number of the file, for LineTable.path(). */
  readonly file: number;
  /** 0: no line, for code that the compiler can't attribute to one. */
  readonly line: number;
  /** 0: unknown. */
  readonly column: number;
  /** Whether the address is a good place for a breakpoint: the beginning of a statement. */
  readonly isStatement: boolean;
}

/** The addresses of a row: those up to the next one. */
export interface LineSpan extends LineRow, AddressRange {}

/** The rows from one address on up to `end`; columns of the same length. */
interface Sequence {
  readonly addresses: Float64Array;
  readonly files: Uint32Array;
  readonly lines: Uint32Array;
  readonly columns: Uint32Array;
  readonly statements: Uint8Array;
  readonly end: number;
}

export class LineTable {
  readonly #header: Header;
  readonly #sequences: readonly Sequence[];
  #index: RangeIndex<Sequence> | undefined;

  constructor(header: Header, sequences: readonly Sequence[]) {
    this.#header = header;
    this.#sequences = sequences;
  }

  /** The code that the table covers. */
  get ranges(): AddressRange[] {
    return this.#sequences.map(rangeOf);
  }

  /** The row of an address. */
  at(address: number): LineRow | undefined {
    this.#index ??= new RangeIndex(
      this.#sequences.map((owner) => ({ range: rangeOf(owner), owner })),
    );
    const sequence = this.#index.at(address);
    if (sequence === undefined) return undefined;
    return rowOf(sequence, lastAtOrBelow(sequence.addresses, address));
  }

  /** All rows that have code, sequence by sequence. */
  *spans(): Generator<LineSpan> {
    for (const { addresses, files, lines, columns, statements, end: last } of this.#sequences) {
      for (let index = 0; index < addresses.length; index++) {
        const start = addresses[index] as number;
        const end = addresses[index + 1] ?? last;
        if (start >= end) continue;
        yield {
          start,
          end,
          file: files[index] as number,
          line: lines[index] as number,
          column: columns[index] as number,
          isStatement: statements[index] !== 0,
        };
      }
    }
  }

  /**
   * A file's path: absolute, or relative to the unit's folder (DW_AT_comp_dir).
   * @param file its number in rows, DW_AT_call_file and DW_AT_decl_file.
   */
  path(file: number): string | null {
    const { version, files, directories } = this.#header;
    const one = files[version >= 5 ? file : file - 1];
    if (one === undefined) return null;
    // Folder 0 is the unit's; DWARF 5 lists it, and before that numbers began at 1.
    if (one.name.startsWith("/") || one.directory === 0) return one.name;
    const directory = directories[version >= 5 ? one.directory : one.directory - 1];
    return directory === undefined ? one.name : `${directory}/${one.name}`;
  }
}

function rangeOf({ addresses, end }: Sequence): AddressRange {
  return { start: addresses[0] as number, end };
}

function rowOf({ files, lines, columns, statements }: Sequence, index: number): LineRow {
  return {
    file: files[index] as number,
    line: lines[index] as number,
    column: columns[index] as number,
    isStatement: statements[index] !== 0,
  };
}

interface Header {
  readonly version: number;
  readonly addressSize: 4 | 8;
  readonly minimumInstruction: number;
  readonly operations: number;
  readonly defaultIsStatement: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** The number of arguments of each standard opcode, from opcode 1 on. */
  readonly argumentCounts: readonly number[];
  readonly directories: readonly string[];
  readonly files: FileName[];
}

/**
 * Reads the line table at an offset of .debug_line.
 * @param addressSize that of the unit; the table has its own only in DWARF 5.
 * @throws Misuse when it is damaged.
 */
export function readLineTable(
  sections: DebugSections,
  limits: Limits,
  offset: number,
  addressSize: 4 | 8,
): LineTable {
  const reader = new DebugReader(sections.needed("line"), offset);
  const { offsetSize, end } = reader.unitLength();
  reader.end = end;
  const version = reader.u16();
  if (version < 2 || version > 5) reader.fail(`a line table's version is ${version}`, offset);
  const encoding = {
    version,
    offsetSize,
    addressSize: ownAddressSize(reader, version, addressSize),
  };
  const headerLength = reader.offset(offsetSize);
  const program = reader.at + headerLength;
  const header = readHeader(sections, limits, reader, encoding);
  reader.seek(program);
  return new LineTable(header, new Program(header, reader, limits).run());
}

/** The address size, and a segment selector's size, which is 0. */
function ownAddressSize(reader: DebugReader, version: number, usual: 4 | 8): 4 | 8 {
  if (version < 5) return usual;
  const size = reader.u8();
  reader.u8();
  if (size !== 4 && size !== 8) reader.fail(`a line table's addresses have ${size} bytes`);
  return size;
}

function readHeader(
  sections: DebugSections,
  limits: Limits,
  reader: DebugReader,
  encoding: Encoding,
): Header {
  const { version, addressSize } = encoding;
  const minimumInstruction = reader.u8();
  const operations = version >= 4 ? reader.u8() : 1;
  const defaultIsStatement = reader.u8() !== 0;
  const lineBase = reader.i8();
  const lineRange = reader.u8();
  const opcodeBase = reader.u8();
  const argumentCounts = Array.from({ length: Math.max(opcodeBase - 1, 0) }, () => reader.u8());
  const names =
    version >= 5
      ? namesOf5(sections, limits, reader, encoding)
      : { directories: directoriesOf4(limits, reader), files: filesOf4(limits, reader) };
  return {
    version,
    addressSize,
    minimumInstruction,
    operations,
    defaultIsStatement,
    lineBase,
    lineRange,
    opcodeBase,
    argumentCounts,
    ...names,
  };
}

function directoriesOf4(limits: Limits, reader: DebugReader): string[] {
  const directories: string[] = [];
  for (let path = reader.string(); path !== ""; path = reader.string()) {
    limits.count("files and directories");
    directories.push(path);
  }
  return directories;
}

function filesOf4(limits: Limits, reader: DebugReader): FileName[] {
  const files: FileName[] = [];
  for (let name = reader.string(); name !== ""; name = reader.string()) {
    limits.count("files and directories");
    files.push(file4(reader, name));
  }
  return files;
}

/** A folder, then the file's time and size, which compilers leave at 0. */
function file4(reader: DebugReader, name: string): FileName {
  const directory = reader.uleb();
  reader.uleb();
  reader.uleb();
  return { name, directory };
}

function namesOf5(
  sections: DebugSections,
  limits: Limits,
  reader: DebugReader,
  encoding: Encoding,
): Pick<Header, "directories" | "files"> {
  const directories = entries5(sections, limits, reader, encoding).map(({ name }) => name);
  return { directories, files: entries5(sections, limits, reader, encoding) };
}

/** A list of directories or files in DWARF 5, which says first what its entries consist of. */
function entries5(
  sections: DebugSections,
  limits: Limits,
  reader: DebugReader,
  encoding: Encoding,
): FileName[] {
  const format = Array.from({ length: reader.u8() }, () => [reader.uleb(), reader.uleb()] as const);
  const count = reader.uleb();
  if (count > reader.left) reader.fail(`${count} names in ${reader.left} bytes`);
  limits.count("files and directories", count);
  return Array.from({ length: count }, () => {
    let name = "";
    let directory = 0;
    for (const [content, form] of format) {
      if (content === DW_LNCT_path) name = pathOf(sections, reader, form, encoding);
      else if (content === DW_LNCT_directory_index) directory = directoryOf(reader, form);
      else passValue(reader, form, encoding);
    }
    return { name, directory };
  });
}

function pathOf(
  sections: DebugSections,
  reader: DebugReader,
  form: number,
  { offsetSize }: Encoding,
): string {
  switch (form) {
    case DW_FORM_string:
      return reader.string();
    case DW_FORM_line_strp:
      return new DebugReader(sections.needed("line_str"), reader.offset(offsetSize)).string();
    case DW_FORM_strp:
      return new DebugReader(sections.needed("str"), reader.offset(offsetSize)).string();
    default:
      return reader.fail(`form 0x${form.toString(16)} is no path of a line table`);
  }
}

function directoryOf(reader: DebugReader, form: number): number {
  switch (form) {
    case DW_FORM_data1:
      return reader.u8();
    case DW_FORM_data2:
      return reader.u16();
    case DW_FORM_udata:
      return reader.uleb();
    default:
      return reader.fail(`form 0x${form.toString(16)} is no directory of a line table`);
  }
}

/** The line number program and the registers of its state machine (6.2.2). */
class Program {
  readonly #header: Header;
  readonly #reader: DebugReader;
  readonly #limits: Limits;
  readonly #sequences: Sequence[] = [];
  #rows = new Rows();
  #address = 0;
  #operation = 0;
  #file = 1;
  #line = 1;
  #column = 0;
  #isStatement: boolean;

  constructor(header: Header, reader: DebugReader, limits: Limits) {
    this.#header = header;
    this.#reader = reader;
    this.#limits = limits;
    this.#isStatement = header.defaultIsStatement;
  }

  run(): Sequence[] {
    const reader = this.#reader;
    const { opcodeBase, lineBase, lineRange } = this.#header;
    const constant = lineRange === 0 ? 0 : Math.floor((255 - opcodeBase) / lineRange);
    while (reader.left > 0) {
      const opcode = reader.u8();
      if (opcode >= opcodeBase) {
        if (lineRange === 0) reader.fail("a line table's line_range is 0");
        const adjusted = opcode - opcodeBase;
        this.#advance(Math.floor(adjusted / lineRange));
        this.#line += lineBase + (adjusted % lineRange);
        this.#row();
      } else if (opcode === 0) {
        this.#extended();
      } else {
        this.#standard(opcode, constant);
      }
    }
    return this.#sequences;
  }

  #standard(opcode: number, constant: number): void {
    const reader = this.#reader;
    switch (opcode) {
      case DW_LNS_copy:
        this.#row();
        break;
      case DW_LNS_advance_pc:
        this.#advance(reader.uleb());
        break;
      case DW_LNS_advance_line:
        this.#line += reader.sleb();
        break;
      case DW_LNS_set_file:
        this.#file = reader.uleb();
        break;
      case DW_LNS_set_column:
        this.#column = reader.uleb();
        break;
      case DW_LNS_negate_stmt:
        this.#isStatement = !this.#isStatement;
        break;
      case DW_LNS_const_add_pc:
        this.#advance(constant);
        break;
      case DW_LNS_fixed_advance_pc:
        this.#address += reader.u16();
        this.#operation = 0;
        break;
      case DW_LNS_set_basic_block:
      case DW_LNS_set_prologue_end:
      case DW_LNS_set_epilogue_begin:
        break;
      case DW_LNS_set_isa:
        reader.uleb();
        break;
      default:
        for (let left = this.#header.argumentCounts[opcode - 1] ?? 0; left > 0; left--)
          reader.uleb();
    }
  }

  #extended(): void {
    const reader = this.#reader;
    const size = reader.uleb();
    const next = reader.skip(size) + size;
    reader.at = next - size;
    if (size === 0) return;
    switch (reader.u8()) {
      case DW_LNE_end_sequence:
        this.#endSequence();
        break;
      case DW_LNE_set_address:
        if (size - 1 !== 4 && size - 1 !== 8) reader.fail(`an address of ${size - 1} bytes`);
        this.#address = reader.address(size === 5 ? 4 : 8);
        this.#operation = 0;
        break;
      case DW_LNE_define_file:
        this.#limits.count("files and directories");
        this.#header.files.push(file4(reader, reader.string()));
        break;
      default:
    }
    reader.at = next;
  }

  #advance(operations: number): void {
    const { minimumInstruction, operations: most } = this.#header;
    if (most <= 1) {
      this.#address += minimumInstruction * operations;
      return;
    }
    const sum = this.#operation + operations;
    this.#address += minimumInstruction * Math.floor(sum / most);
    this.#operation = sum % most;
  }

  #row(): void {
    this.#limits.count("rows of line tables");
    this.#rows.add(this.#address, this.#file, this.#line, this.#column, this.#isStatement);
  }

  #endSequence(): void {
    const sequence = this.#rows.sequence(this.#address);
    if (sequence !== null) this.#sequences.push(sequence);
    this.#rows = new Rows();
    this.#address = 0;
    this.#operation = 0;
    this.#file = 1;
    this.#line = 1;
    this.#column = 0;
    this.#isStatement = this.#header.defaultIsStatement;
  }
}

/** The rows of a sequence while it is read. */
class Rows {
  readonly #addresses: number[] = [];
  readonly #files: number[] = [];
  readonly #lines: number[] = [];
  readonly #columns: number[] = [];
  readonly #statements: number[] = [];
  #isSorted = true;

  add(address: number, file: number, line: number, column: number, isStatement: boolean): void {
    if (address < (this.#addresses.at(-1) ?? 0)) this.#isSorted = false;
    this.#addresses.push(address);
    this.#files.push(file);
    this.#lines.push(line);
    this.#columns.push(column);
    this.#statements.push(isStatement ? 1 : 0);
  }

  /** @returns null for a sequence without code. */
  sequence(end: number): Sequence | null {
    const order = this.#isSorted ? null : this.#ascending();
    const column = (values: readonly number[]): readonly number[] =>
      order === null ? values : order.map((index) => values[index] as number);
    const addresses = Float64Array.from(column(this.#addresses));
    if (addresses.length === 0 || (addresses[0] as number) >= end) return null;
    return {
      addresses,
      files: Uint32Array.from(column(this.#files)),
      lines: Uint32Array.from(column(this.#lines)),
      columns: Uint32Array.from(column(this.#columns)),
      statements: Uint8Array.from(column(this.#statements)),
      end,
    };
  }

  /** The rows' indices by address; the standard asks for that order, and old assemblers didn't keep to it. */
  #ascending(): number[] {
    const at = (index: number): number => this.#addresses[index] as number;
    return this.#addresses.map((_, index) => index).sort((a, b) => at(a) - at(b) || a - b);
  }
}
