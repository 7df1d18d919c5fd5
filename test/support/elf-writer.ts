// Makes small ELF files for tests from a spec: sections, symbols, relocations (ELF32's), in either byte order. A test
// can put a false value into any header field. This file makes the tables, and src/elf/writer.ts makes the file.
// module-writer.ts adds what makes it a module.

import type { Endian } from "../../src/bytes/endian.ts";
import {
  EM_MIPS,
  ET_REL,
  REL_SIZE,
  SHT_NOBITS,
  SHT_PROGBITS,
  SHT_REL,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_GLOBAL,
  STB_LOCAL,
  STT_NOTYPE,
  STT_SECTION,
  SYM_SIZE,
  SYM64_SIZE,
} from "../../src/elf/numbers.ts";
import { StringTableBuilder } from "../../src/elf/string-table-builder.ts";
import { type ImageSection, NULL_SECTION, writeElf as writeImage } from "../../src/elf/writer.ts";

export interface SectionSpec {
  readonly name: string;
  readonly flags?: number;
  readonly type?: number;
  readonly alignment?: number;
  /** sh_addr, for linked files. */
  readonly address?: number;
  /** Instruction or data words, in the file's byte order; or unchanged bytes. */
  readonly words?: readonly number[];
  readonly bytes?: Uint8Array;
  /** For SHT_NOBITS, or a false size. */
  readonly size?: number;
  readonly info?: number;
  readonly link?: number;
  readonly relocations?: readonly RelocationSpec[];
  /** Default: SHT_REL. */
  readonly relocationType?: number;
}

export interface RelocationSpec {
  readonly offset: number;
  readonly type: number;
  /** A symbol's name, a section's name for its section symbol, or a symbol index. */
  readonly symbol: string | number;
}

export interface SymbolSpec {
  readonly name: string;
  readonly value?: number;
  readonly size?: number;
  readonly binding?: number;
  readonly type?: number;
  /** A section's name or an SHN_* number, default: undefined (0). */
  readonly section?: string | number;
}

export interface ElfSpec {
  readonly endian?: Endian;
  /** Default: 32. In ELF64, addresses and values are 32-bit numbers, sign-extended. */
  readonly bits?: 32 | 64;
  /** EI_DATA, if it is to be false. */
  readonly statedEndian?: Endian;
  readonly type?: number;
  readonly machine?: number;
  readonly flags?: number;
  readonly elfClass?: number;
  readonly sections?: readonly SectionSpec[];
  readonly symbols?: readonly SymbolSpec[];
  /** Leave .symtab and .strtab out. */
  readonly stripped?: boolean;
}

export const MIPS32R2_O32 = 0x70001001;
const MIPS64R2_N64 = 0x80000001;

/** The file's bytes. Section symbols are first in the symbol table, one for each section of the spec. */
export function writeElf(spec: ElfSpec): Uint8Array {
  return new ElfWriter(spec).write();
}

class ElfWriter {
  readonly #spec: ElfSpec;
  readonly #sections: readonly SectionSpec[];
  readonly #symbols: readonly SymbolSpec[];
  readonly #little: boolean;
  readonly #wide: boolean;

  constructor(spec: ElfSpec) {
    this.#spec = spec;
    this.#wide = spec.bits === 64;
    this.#sections = spec.sections ?? [];
    this.#symbols = [
      { name: "", section: 0, binding: STB_LOCAL },
      ...this.#sections.map(({ name }) => ({
        name,
        section: name,
        binding: STB_LOCAL,
        type: STT_SECTION,
      })),
      ...(spec.symbols ?? []),
    ];
    this.#little = (spec.endian ?? "little") === "little";
  }

  write(): Uint8Array {
    const { endian, type, machine, flags, elfClass, statedEndian } = this.#spec;
    const sections = [
      NULL_SECTION,
      ...this.#chunks(),
      plain(".shstrtab", SHT_STRTAB, new Uint8Array(1)),
    ];
    return writeImage({
      endian: endian ?? "little",
      class: this.#wide ? 64 : 32,
      type: type ?? ET_REL,
      machine: machine ?? EM_MIPS,
      flags: flags ?? (this.#wide ? MIPS64R2_N64 : MIPS32R2_O32),
      sections,
      names: sections.length - 1,
      stated: {
        ...(elfClass === undefined ? {} : { class: elfClass }),
        ...(statedEndian === undefined ? {} : { endian: statedEndian }),
      },
    });
  }

  #chunks(): ImageSection[] {
    const withRelocations = this.#sections.filter(({ relocations }) => relocations !== undefined);
    const symtabIndex = this.#sections.length + withRelocations.length + 1;
    const chunks: ImageSection[] = this.#sections.map((section) => {
      const bytes = this.#bytesOf(section);
      return {
        ...plain(section.name, section.type ?? SHT_PROGBITS, bytes),
        flags: section.flags ?? 0,
        alignment: section.alignment ?? 4,
        address: this.#wide ? BigInt((section.address ?? 0) | 0) : (section.address ?? 0),
        size: section.size ?? bytes.length,
        link: section.link ?? 0,
        info: section.info ?? 0,
      };
    });
    for (const section of withRelocations) {
      const type = section.relocationType ?? SHT_REL;
      const entries = section.relocations ?? [];
      const entrySize = type === SHT_REL ? REL_SIZE : REL_SIZE + 4;
      const bytes = new Uint8Array(entries.length * entrySize);
      for (const [index, { offset, type: relocation, symbol }] of entries.entries()) {
        this.#put(bytes, index * entrySize, [
          offset,
          ((this.#symbolIndex(symbol) << 8) | relocation) >>> 0,
        ]);
      }
      chunks.push({
        ...plain(`.rel${section.name}`, type, bytes),
        link: symtabIndex,
        info: this.#sectionIndex(section.name),
        entrySize,
      });
    }
    if (this.#spec.stripped === true) return chunks;
    const names = new StringTableBuilder();
    const entrySize = this.#wide ? SYM64_SIZE : SYM_SIZE;
    const symtab = new Uint8Array(this.#symbols.length * entrySize);
    for (const [index, symbol] of this.#symbols.entries()) {
      const at = index * entrySize;
      const { name, value, size, binding, type, section } = symbol;
      this.#put(symtab, at, [type === STT_SECTION ? 0 : names.add(name)]);
      this.#putLong(symtab, at + (this.#wide ? 8 : 4), [value ?? 0, size ?? 0]);
      const info = at + (this.#wide ? 4 : 12);
      symtab[info] = ((binding ?? STB_GLOBAL) << 4) | (type ?? STT_NOTYPE);
      const number = typeof section === "string" ? this.#sectionIndex(section) : (section ?? 0);
      this.#put16(symtab, info + 2, number);
    }
    chunks.push({
      ...plain(".symtab", SHT_SYMTAB, symtab),
      link: symtabIndex + 1,
      entrySize,
    });
    chunks.push({ ...plain(".strtab", SHT_STRTAB, names.bytes()), alignment: 1 });
    return chunks;
  }

  #bytesOf({ words, bytes, type }: SectionSpec): Uint8Array {
    if (bytes !== undefined) return bytes;
    if (words === undefined || type === SHT_NOBITS) return new Uint8Array(0);
    const result = new Uint8Array(words.length * 4);
    this.#put(result, 0, words);
    return result;
  }

  #sectionIndex(name: string): number {
    const index = this.#sections.findIndex((section) => section.name === name);
    if (index < 0) throw new Error(`no section ${name}`);
    return index + 1;
  }

  #symbolIndex(symbol: string | number): number {
    if (typeof symbol === "number") return symbol;
    const index = this.#symbols.findLastIndex(({ name }) => name === symbol);
    if (index < 0) throw new Error(`no symbol ${symbol}`);
    return index;
  }

  #put(bytes: Uint8Array, at: number, words: readonly number[]): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const [index, word] of words.entries()) view.setUint32(at + 4 * index, word, this.#little);
  }

  /** Words of the class's size: in ELF64, 64 bits, sign-extended from the low 32. */
  #putLong(bytes: Uint8Array, at: number, values: readonly number[]): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const [index, value] of values.entries()) {
      if (this.#wide) view.setBigInt64(at + 8 * index, BigInt(value | 0), this.#little);
      else view.setUint32(at + 4 * index, value, this.#little);
    }
  }

  #put16(bytes: Uint8Array, at: number, value: number): void {
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint16(
      at,
      value,
      this.#little,
    );
  }
}

function plain(name: string, type: number, bytes: Uint8Array): ImageSection {
  return {
    name,
    type,
    flags: 0,
    alignment: 4,
    address: 0,
    bytes,
    link: 0,
    info: 0,
    entrySize: 0,
  };
}
