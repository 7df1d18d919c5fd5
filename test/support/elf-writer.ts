// Writes small ELF files for tests: sections, symbols, relocations (ELF32's), in either byte order, with room
// to lie in any header field. It knows ELF's records and nothing of modules; module-writer.ts does.

import type { Endian } from "../../src/bytes/endian.ts";
import {
  EHDR_SIZE,
  EHDR64_SIZE,
  EM_MIPS,
  ET_REL,
  REL_SIZE,
  SHDR_SIZE,
  SHDR64_SIZE,
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

export interface SectionSpec {
  readonly name: string;
  readonly flags?: number;
  readonly type?: number;
  readonly alignment?: number;
  /** sh_addr, for linked files. */
  readonly address?: number;
  /** Instruction or data words, in the file's byte order; or bytes as they are. */
  readonly words?: readonly number[];
  readonly bytes?: Uint8Array;
  /** For SHT_NOBITS, or to lie. */
  readonly size?: number;
  readonly info?: number;
  readonly link?: number;
  readonly relocations?: readonly RelocationSpec[];
  /** SHT_REL unless told. */
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
  /** A section's name or an SHN_* number; undefined (0) unless told. */
  readonly section?: string | number;
}

export interface ElfSpec {
  readonly endian?: Endian;
  /** 32 unless told. In ELF64, addresses and values are 32-bit numbers with their signs extended. */
  readonly bits?: 32 | 64;
  /** What EI_DATA says, if not the truth. */
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

interface Chunk {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly alignment: number;
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

export const MIPS32R2_O32 = 0x70001001;
const MIPS64R2_N64 = 0x80000001;

/** The file's bytes. Section symbols come first in the symbol table, one for each section of the spec. */
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
    const chunks = this.#chunks();
    const names = new Strings();
    const nameOffsets = [...chunks.map(({ name }) => names.add(name)), names.add(".shstrtab")];
    chunks.push(plain(".shstrtab", SHT_STRTAB, names.bytes()));

    const [header, size] = this.#wide ? [EHDR64_SIZE, SHDR64_SIZE] : [EHDR_SIZE, SHDR_SIZE];
    let end = header;
    const offsets = chunks.map(({ bytes, alignment }) => {
      const offset = Math.ceil(end / Math.max(alignment, 4)) * Math.max(alignment, 4);
      end = offset + bytes.length;
      return offset;
    });
    const shoff = Math.ceil(end / 4) * 4;
    const file = new Uint8Array(shoff + (chunks.length + 1) * size);
    this.#writeHeader(file, shoff, chunks.length + 1);
    for (const [index, chunk] of chunks.entries()) {
      file.set(chunk.bytes, offsets[index]);
      const at = shoff + (index + 1) * size;
      const offset = offsets[index] ?? 0;
      const { type, flags, address, link, info, alignment, entrySize } = chunk;
      this.#put(file, at, [nameOffsets[index] ?? 0, type]);
      this.#putLong(file, at + 8, [flags, address, offset, chunk.size]);
      this.#put(file, at + (this.#wide ? 40 : 24), [link, info]);
      this.#putLong(file, at + (this.#wide ? 48 : 32), [alignment, entrySize]);
    }
    return file;
  }

  #writeHeader(file: Uint8Array, shoff: number, shnum: number): void {
    const { type, machine, flags, elfClass, statedEndian } = this.#spec;
    const stated = statedEndian ?? this.#spec.endian ?? "little";
    const wide = this.#wide;
    const order = stated === "little" ? 1 : 2;
    file.set([0x7f, 0x45, 0x4c, 0x46, elfClass ?? (wide ? 2 : 1), order, 1]);
    this.#put16(file, 16, type ?? ET_REL);
    this.#put16(file, 18, machine ?? EM_MIPS);
    this.#put(file, 20, [1]);
    this.#putLong(file, 24, [0, 0, shoff]);
    const at = wide ? 48 : 36;
    this.#put(file, at, [flags ?? (wide ? MIPS64R2_N64 : MIPS32R2_O32)]);
    this.#put16(file, at + 4, wide ? EHDR64_SIZE : EHDR_SIZE);
    this.#put16(file, at + 10, wide ? SHDR64_SIZE : SHDR_SIZE);
    this.#put16(file, at + 12, shnum);
    this.#put16(file, at + 14, shnum - 1);
  }

  #chunks(): Chunk[] {
    const withRelocations = this.#sections.filter(({ relocations }) => relocations !== undefined);
    const symtabIndex = this.#sections.length + withRelocations.length + 1;
    const chunks: Chunk[] = this.#sections.map((section) => {
      const bytes = this.#bytesOf(section);
      return {
        ...plain(section.name, section.type ?? SHT_PROGBITS, bytes),
        flags: section.flags ?? 0,
        alignment: section.alignment ?? 4,
        address: section.address ?? 0,
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
    const names = new Strings();
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

  /** Words of the class: in ELF64, 64 bits with the sign of the low 32. */
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

function plain(name: string, type: number, bytes: Uint8Array): Chunk {
  return {
    name,
    type,
    flags: 0,
    alignment: 4,
    address: 0,
    bytes,
    size: bytes.length,
    link: 0,
    info: 0,
    entrySize: 0,
  };
}

class Strings {
  #text = "\0";

  add(name: string): number {
    if (name === "") return 0;
    const offset = this.#text.length;
    this.#text += `${name}\0`;
    return offset;
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.from(this.#text, "latin1"));
  }
}
