// Reads ELF files of MIPS, of both classes: kernel modules and objects (ET_REL), and a vmlinux. It makes the checks of
// Linux's elf_validity_check() (kernel/module/main.c, 6.1), in the same order and with the same messages, and checks
// what Linux trusts: every offset, count and name is inside the file before it is used. Sections and symbols are
// returned as values; src/module/ interprets them.

import type { Endian } from "../bytes/endian.ts";
import { Words } from "../bytes/words.ts";
import { Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import { ELF_SYMBOLS } from "../limits.ts";
import { otherMachine } from "./machine-names.ts";
import { abiName } from "./names.ts";
import {
  EF_MIPS_ABI,
  EF_MIPS_ABI_O32,
  EF_MIPS_ABI2,
  EHDR_SIZE,
  EHDR64_SIZE,
  EI_CLASS,
  EI_DATA,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  EM_MIPS,
  ET_REL,
  SHDR_SIZE,
  SHDR64_SIZE,
  SHF_ALLOC,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_NULL,
  SHT_SYMTAB,
  SYM_SIZE,
  SYM64_SIZE,
} from "./numbers.ts";
import type { ElfObject, ElfSymbol, Section } from "./object.ts";
import { StringTable } from "./strings.ts";

const MAGIC = [0x7f, 0x45, 0x4c, 0x46] as const;

export interface ReadElfOptions {
  /** Refuse everything but ET_REL, at the point where Linux does: between the magic and the architecture. */
  readonly relocatable?: boolean;
  /** Check the names of all sections, not only of those that take memory. */
  readonly allNames?: boolean;
  /** Check the symbols' string table. */
  readonly symbolNames?: boolean;
}

function refuse(line: string, explanation: string): never {
  throw new Refusal({ errno: "ENOEXEC", dmesg: [line], explanation });
}

/** A refusal by farjal only; Linux has no such check. */
function damaged(explanation: string): never {
  throw new Refusal({
    errno: "ENOEXEC",
    dmesg: [],
    explanation: `the ELF file is damaged: ${explanation}`,
  });
}

/**
 * Reads an ELF file's header, sections and symbols.
 * @param bytes the file, without a module's signature (src/module/file/signature.ts takes that off).
 * @throws Refusal (ENOEXEC) with Linux's line and an explanation; without a line for a check that only farjal makes.
 */
export function readElf(bytes: Uint8Array, options: ReadElfOptions = {}): ElfObject {
  if (bytes.length < EHDR_SIZE) {
    refuse(
      `Invalid ELF header len ${bytes.length}`,
      `the file has ${bytes.length} bytes; an ELF header alone has ${EHDR_SIZE}`,
    );
  }
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) {
    refuse(
      "Invalid ELF header magic: != \x7fELF",
      "this isn't an ELF file: it doesn't start with 7f 45 4c 46",
    );
  }
  const { endian, notes } = byteOrder(bytes);
  const words = new Words(bytes, endian);
  const type = words.u16(16);
  if (options.relocatable === true && type !== ET_REL) {
    refuse(
      `Invalid ELF header type: ${type} != ${ET_REL}`,
      `a module is a relocatable file (ET_REL); this is an ELF file of type ${type}`,
    );
  }
  const wide = checkArchitecture(words) === 64;
  const sections = readSections(words, wide ? HEADER_64 : HEADER_32, options.allNames === true);
  if (options.symbolNames === true) checkSymbolNames(words, sections, wide ? SYMBOL_64 : SYMBOL_32);
  return {
    endian,
    class: wide ? 64 : 32,
    type,
    machine: EM_MIPS,
    flags: words.u32(wide ? E_FLAGS_64 : E_FLAGS_32),
    sections,
    symbols: readSymbols(words, sections, wide ? SYMBOL_64 : SYMBOL_32),
    bytes,
    notes,
  };
}

/**
 * The byte order of the fields. Linux reads a module in the kernel's own order and ignores EI_DATA, so a file with a
 * wrong EI_DATA loads. Here the file is read in the order that its fields have, and a mismatch becomes a note.
 */
function byteOrder(bytes: Uint8Array): { endian: Endian; notes: string[] } {
  const data = bytes[EI_DATA];
  const stated: Endian | undefined =
    data === ELFDATA2LSB ? "little" : data === ELFDATA2MSB ? "big" : undefined;
  const machine = (endian: Endian): number => new Words(bytes, endian).u16(18);
  if (stated !== undefined && machine(stated) === EM_MIPS) return { endian: stated, notes: [] };
  const actual = (["little", "big"] as const).find((endian) => machine(endian) === EM_MIPS);
  if (actual === undefined) return { endian: stated ?? "little", notes: [] };
  const says = stated === undefined ? `is ${data}` : `says ${stated}-endian`;
  return {
    endian: actual,
    notes: [
      `EI_DATA ${says}, but the file's fields are ${actual}-endian: Linux never looks at EI_DATA and ` +
        "loads it, other tools misread it",
    ],
  };
}

/**
 * elf_check_arch() of the kernel for the file's class: e_machine and, for 32 bits, the ABI bits of e_flags. The loader
 * checks whether the machine has that class.
 */
function checkArchitecture(words: Words): 32 | 64 {
  const machine = words.u16(18);
  const line = `Invalid architecture in ELF header: ${machine}`;
  if (machine !== EM_MIPS) {
    refuse(line, `e_machine is ${machine}; MIPS is ${EM_MIPS}${otherMachine(machine)}`);
  }
  const elfClass = words.u8(EI_CLASS);
  if (elfClass === ELFCLASS64) {
    if (words.size < EHDR64_SIZE) {
      refuse(
        `Invalid ELF header len ${words.size}`,
        `the file has ${words.size} bytes; an ELF64 header alone has ${EHDR64_SIZE}`,
      );
    }
    return 64;
  }
  if (elfClass !== ELFCLASS32) {
    refuse(
      line,
      `EI_CLASS is ${elfClass}; a 32-bit kernel takes ${ELFCLASS32}, a 64-bit one ${ELFCLASS64}`,
    );
  }
  const flags = words.u32(E_FLAGS_32);
  const abi = flags & EF_MIPS_ABI;
  if ((flags & EF_MIPS_ABI2) !== 0 || (abi !== 0 && abi !== EF_MIPS_ABI_O32)) {
    const name = abiName({ class: 32, flags });
    refuse(
      line,
      `the file is built for the ${name} ABI (e_flags ${hex(flags)}); a 32-bit kernel takes o32`,
    );
  }
  return 32;
}

const E_FLAGS_32 = 36;
const E_FLAGS_64 = 48;

/** The parts of the ELF header that locate the section headers, and how to read a section header. */
interface HeaderFormat {
  readonly class: 32 | 64;
  readonly size: number;
  readonly shoff: (words: Words) => number;
  readonly shentsize: number;
  readonly shnum: number;
  readonly shstrndx: number;
  readonly header: (words: Words, at: number, index: number) => Header;
}

const HEADER_32: HeaderFormat = {
  class: 32,
  size: SHDR_SIZE,
  shoff: (words) => words.u32(32),
  shentsize: 46,
  shnum: 48,
  shstrndx: 50,
  header: readHeader32,
};

const HEADER_64: HeaderFormat = {
  class: 64,
  size: SHDR64_SIZE,
  shoff: (words) => words.size64(40),
  shentsize: 58,
  shnum: 60,
  shstrndx: 62,
  header: readHeader64,
};

function readSections(words: Words, format: HeaderFormat, allNames: boolean): Section[] {
  const size = words.size;
  const shoff = format.shoff(words);
  const shnum = words.u16(format.shnum);
  const shstrndx = words.u16(format.shstrndx);
  const shentsize = words.u16(format.shentsize);
  if (shentsize !== format.size) {
    refuse(
      "Invalid ELF section header size",
      `e_shentsize is ${shentsize}; an ELF${format.class} section header has ${format.size} bytes`,
    );
  }
  if (shoff >= size || shnum * format.size > size - shoff) {
    refuse(
      "Invalid ELF section header overflow",
      `${shnum} section headers at offset ${sizeText(shoff)} don't fit into ${size} bytes: the file is cut off`,
    );
  }
  if (shstrndx === SHN_UNDEF || shstrndx >= shnum) {
    refuse(
      `Invalid ELF section name index: ${shstrndx} || e_shstrndx (${shstrndx}) >= e_shnum (${shnum})`,
      "e_shstrndx must name the section that holds the sections' names",
    );
  }
  const headers = Array.from({ length: shnum }, (_, index) =>
    format.header(words, shoff + index * format.size, index),
  );
  const names = headers[shstrndx] as Header;
  if (names.offset + names.size > size) {
    refuse(
      `Invalid ELF section hdr(type ${names.type})`,
      `the section names (section ${shstrndx}) reach past the end of the file`,
    );
  }
  if (names.size === 0) refuse("empty section name table", `section ${shstrndx} has no bytes`);
  if (words.u8(names.offset + names.size - 1) !== 0) {
    refuse(
      "ELF Spec violation: section name table isn't null terminated",
      `the last byte of section ${shstrndx} isn't zero`,
    );
  }
  const first = headers[0] as Header;
  if (first.type !== SHT_NULL || first.size !== 0 || Number(first.address) !== 0) {
    refuse(
      `ELF Spec violation: section 0 type(${first.type})!=SH_NULL or non-zero len or addr`,
      "section 0 must be empty",
    );
  }
  for (const header of headers.slice(1)) {
    checkSection(header, headers.length, size, names, allNames);
  }
  checkOverlap(headers, size);
  const table = new StringTable(words.bytes.subarray(names.offset, names.offset + names.size));
  return headers.map(({ nameOffset, ...rest }) => ({
    ...rest,
    name: sectionName(table, nameOffset, rest),
  }));
}

interface Header extends Omit<Section, "name"> {
  readonly nameOffset: number;
}

/** An offset in the file, which may have 64 bits. */
function sizeText(value: number): string {
  return hex(value < 2 ** 32 ? value : BigInt(value));
}

function readHeader32(words: Words, at: number, index: number): Header {
  const field = (number: number): number => words.u32(at + 4 * number);
  return {
    index,
    nameOffset: field(0),
    type: field(1),
    flags: field(2),
    address: field(3),
    offset: field(4),
    size: field(5),
    link: field(6),
    info: field(7),
    alignment: field(8),
    entrySize: field(9),
  };
}

/** sh_flags has 64 bits here; all flags that Linux and farjal know are in the low word. */
function readHeader64(words: Words, at: number, index: number): Header {
  return {
    index,
    nameOffset: words.u32(at),
    type: words.u32(at + 4),
    flags: Number(words.u64(at + 8) & 0xffffffffn),
    address: words.u64(at + 16),
    offset: words.size64(at + 24),
    size: words.size64(at + 32),
    link: words.u32(at + 40),
    info: words.u32(at + 44),
    alignment: words.size64(at + 48),
    entrySize: words.size64(at + 56),
  };
}

function checkSection(
  header: Header,
  count: number,
  size: number,
  names: Header,
  allNames: boolean,
): void {
  const { index, type, link } = header;
  if (type === SHT_NULL) return;
  if (allNames) checkName(header, names);
  if (type === SHT_NOBITS) return;
  if (type === SHT_SYMTAB && (link === SHN_UNDEF || link >= count)) {
    refuse(
      `Invalid ELF sh_link!=SHN_UNDEF(${link | 0}) or (sh_link(${link | 0}) >= hdr->e_shnum(${count})`,
      `the symbol table (section ${index}) must name its string table in sh_link`,
    );
  }
  if (header.offset + header.size > size) {
    refuse(
      `Invalid ELF section in module (section ${index} type ${type})`,
      `section ${index} (${header.size} bytes at offset ${sizeText(header.offset)}) reaches past the end of the ` +
        `file (${size} bytes): the file is cut off or damaged`,
    );
  }
  if ((header.flags & SHF_ALLOC) !== 0) checkName(header, names);
}

function checkName({ index, type, nameOffset }: Header, names: Header): void {
  if (nameOffset < names.size) return;
  refuse(
    `Invalid ELF section name in module (section ${index} type ${type})`,
    `the name of section ${index} starts outside the section name table`,
  );
}

/** elf_validity_cache_strtab() of Linux 6.18. */
function checkSymbolNames(words: Words, sections: readonly Section[], format: SymbolFormat): void {
  const table = sections.find((section) => section.type === SHT_SYMTAB);
  const strings = table && sections[table.link];
  if (table === undefined || strings === undefined) return;
  const { offset, size, index } = strings;
  const where = `the symbols' names (section ${index})`;
  if (size === 0) refuse("empty symbol string table", `${where} have no bytes`);
  if (strings.type === SHT_NOBITS || offset + size > words.size) return;
  if (words.u8(offset) !== 0) {
    refuse("symbol string table missing leading NUL", `${where} begin with another byte`);
  }
  if (words.u8(offset + size - 1) !== 0) {
    refuse("symbol string table isn't NUL terminated", `${where} end with another byte`);
  }
  for (let at = table.offset; at + format.size <= table.offset + table.size; at += format.size) {
    if (words.u32(at) < size) continue;
    const symbol = (at - table.offset) / format.size;
    refuse(
      "symbol name out of bounds in string table",
      `symbol ${symbol} names byte ${words.u32(at)}`,
    );
  }
}

/**
 * Refuses files in which tens of thousands of sections share the same bytes, which would slow down every later step.
 * Normally sections don't overlap; the factor allows for unusual linkers.
 */
function checkOverlap(headers: readonly Header[], size: number): void {
  const held = headers.filter(({ type }) => type !== SHT_NULL && type !== SHT_NOBITS);
  const total = held.reduce((sum, header) => sum + header.size, 0);
  if (total > 4 * size)
    damaged(`its sections hold ${total} bytes together, and the file has ${size}`);
}

function sectionName(
  table: StringTable,
  offset: number,
  { index, type }: Omit<Section, "name">,
): string {
  const name = table.at(offset);
  if (name !== undefined) return name;
  if (type === SHT_NULL) return "";
  return damaged(`section ${index} has no readable name; Linux would not check this`);
}

/** The symbols of the first SHT_SYMTAB, which is the one Linux uses; none if the file is stripped. */
function readSymbols(
  words: Words,
  sections: readonly Section[],
  format: SymbolFormat,
): ElfSymbol[] {
  const table = sections.find((section) => section.type === SHT_SYMTAB);
  if (table === undefined) return [];
  const strings = sections[table.link] as Section;
  if (strings.type === SHT_NOBITS || strings.offset + strings.size > words.size) {
    damaged(`the string table (section ${strings.index}) isn't in the file`);
  }
  const names = new StringTable(
    words.bytes.subarray(strings.offset, strings.offset + strings.size),
  );
  const count = Math.floor(table.size / format.size);
  if (count > ELF_SYMBOLS) damaged(`it has ${count} symbols, more than ${ELF_SYMBOLS}`);
  return Array.from({ length: count }, (_, index) =>
    readSymbol(words, table.offset + index * format.size, index, names, format),
  );
}

/** The offsets of a symbol's fields, and how its value and size are read. */
interface SymbolFormat {
  readonly size: number;
  readonly info: number;
  readonly section: number;
  readonly fields: (words: Words, at: number) => Pick<ElfSymbol, "value" | "address" | "size">;
}

const SYMBOL_32: SymbolFormat = {
  size: SYM_SIZE,
  info: 12,
  section: 14,
  fields: (words, at) => {
    const value = words.u32(at + 4);
    return { value, address: value, size: words.u32(at + 8) };
  },
};

const SYMBOL_64: SymbolFormat = {
  size: SYM64_SIZE,
  info: 4,
  section: 6,
  fields: (words, at) => ({
    value: words.size64(at + 8),
    address: words.u64(at + 8),
    size: words.size64(at + 16),
  }),
};

function readSymbol(
  words: Words,
  at: number,
  index: number,
  names: StringTable,
  format: SymbolFormat,
): ElfSymbol {
  const nameOffset = words.u32(at);
  const info = words.u8(at + format.info);
  // Offset 0 is the empty name even if the string table is empty.
  const name = nameOffset === 0 ? "" : names.at(nameOffset);
  if (name === undefined) {
    damaged(`symbol ${index} has no readable name; Linux would not check this`);
  }
  const { value, address, size } = format.fields(words, at);
  return {
    index,
    name,
    value,
    address,
    size,
    binding: info >>> 4,
    type: info & 15,
    section: words.u16(at + format.section),
  };
}
