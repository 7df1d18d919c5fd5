// The debugging sections of a file, each prepared when it is first asked for: decompressed (SHF_COMPRESSED with zlib or
// zstd, and the older .zdebug_* form) and relocated. The file's own bytes are never changed.

import { host } from "#host";
import { R_MIPS_32, R_MIPS_64, R_MIPS_NONE } from "../../assembly/shared/relocation-types.ts";
import { Words } from "../bytes/words.ts";
import { Output } from "../compression/output.ts";
import { unpackZstd } from "../compression/zstd.ts";
import { contents } from "../elf/contents.ts";
import { relocationName } from "../elf/names.ts";
import { ET_REL, SHT_REL, SHT_RELA } from "../elf/numbers.ts";
import type { ElfObject, Section } from "../elf/object.ts";
import { Misuse } from "../errors.ts";
import { DEBUG_SECTION_BYTES } from "../limits.ts";
import type { AddressSpace } from "./address-space.ts";
import { type DebugSection, damaged } from "./reader.ts";

const SHF_COMPRESSED = 0x800;
const ELFCOMPRESS_ZLIB = 1;
const ELFCOMPRESS_ZSTD = 2;
/** What a compressed section can't be smaller than: zlib and zstd make at most some thousand bytes of one. */
const MOST_RATIO = 0x8000;

export class DebugSections {
  readonly #elf: ElfObject;
  readonly #space: AddressSpace;
  readonly #prepared = new Map<string, DebugSection | null>();

  constructor(elf: ElfObject, space: AddressSpace) {
    this.#elf = elf;
    this.#space = space;
  }

  /** Whether the file has a section: `info` for .debug_info. */
  has(name: string): boolean {
    return this.#header(name) !== undefined;
  }

  /** A section, prepared; null if the file has none. @throws Misuse when it is damaged. */
  find(name: string): DebugSection | null {
    const known = this.#prepared.get(name);
    if (known !== undefined) return known;
    const header = this.#header(name);
    const made = header === undefined ? null : this.#prepare(header);
    this.#prepared.set(name, made);
    return made;
  }

  /** A section that another one refers to. @throws Misuse when the file has none. */
  needed(name: string): DebugSection {
    const found = this.find(name);
    if (found === null) {
      throw new Misuse(
        `the debugging information is damaged: it needs .debug_${name}, which isn't there`,
      );
    }
    return found;
  }

  #header(name: string): Section | undefined {
    return this.#elf.sections.find(
      (section) => section.name === `.debug_${name}` || section.name === `.zdebug_${name}`,
    );
  }

  #prepare(header: Section): DebugSection {
    const { endian } = this.#elf;
    const raw = contents(this.#elf, header);
    const unpacked =
      (header.flags & SHF_COMPRESSED) !== 0
        ? unpackedSection(this.#elf, header, raw)
        : header.name.startsWith(".zdebug_")
          ? unpackedGnuSection(header, raw)
          : raw.bytes;
    const bytes = this.#elf.type === ET_REL ? this.#relocated(header, unpacked) : unpacked;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return { name: header.name, bytes, view, endian };
  }

  #relocated(header: Section, bytes: Uint8Array): Uint8Array {
    const tables = this.#elf.sections.filter(
      ({ type, info, size }) =>
        (type === SHT_REL || type === SHT_RELA) && info === header.index && size > 0,
    );
    if (tables.length === 0) return bytes;
    const copy = new Uint8Array(bytes);
    for (const table of tables) relocate(this.#elf, this.#space, table, header, copy);
    return copy;
  }
}

/** Elf32_Chdr and Elf64_Chdr before the compressed bytes. */
function unpackedSection(elf: ElfObject, { name }: Section, raw: Words): Uint8Array {
  const wide = elf.class === 64;
  const header = wide ? 24 : 12;
  if (raw.size < header) throw damaged(name, 0, "its compression header is cut off");
  const type = raw.u32(0);
  const size = wide ? raw.size64(8) : raw.u32(4);
  return unpackedBytes(name, type, raw.bytes.subarray(header), size);
}

/** `ZLIB`, the size in 8 bytes of big endian, and a zlib stream. */
function unpackedGnuSection({ name }: Section, raw: Words): Uint8Array {
  if (raw.string(0, 4) !== "ZLIB" || raw.size < 12) {
    throw damaged(name, 0, "it doesn't begin with ZLIB and a size");
  }
  const size = new Words(raw.bytes, "big").size64(4);
  return unpackedBytes(name, ELFCOMPRESS_ZLIB, raw.bytes.subarray(12), size);
}

function unpackedBytes(name: string, type: number, packed: Uint8Array, size: number): Uint8Array {
  if (size > DEBUG_SECTION_BYTES || size > packed.length * MOST_RATIO) {
    throw damaged(name, 0, `${packed.length} compressed bytes can't become ${size}`);
  }
  let bytes: Uint8Array;
  try {
    switch (type) {
      case ELFCOMPRESS_ZLIB:
        bytes = host.inflate(packed, size);
        break;
      case ELFCOMPRESS_ZSTD: {
        const output = new Output(size);
        unpackZstd(packed, output);
        bytes = output.bytes();
        break;
      }
      default:
        throw new Misuse(`compression type ${type} is unknown`);
    }
  } catch (error) {
    throw damaged(name, 0, `it can't be unpacked (${(error as Error).message})`);
  }
  if (bytes.length !== size) {
    throw damaged(name, 0, `it unpacks to ${bytes.length} bytes and states ${size}`);
  }
  return bytes;
}

/** Applies one table of relocations: REL adds to the word in place, RELA overwrites it. */
function relocate(
  elf: ElfObject,
  space: AddressSpace,
  table: Section,
  target: Section,
  bytes: Uint8Array,
): void {
  const little = elf.endian === "little";
  const wide = elf.class === 64;
  const hasAddends = table.type === SHT_RELA;
  const addresses = wide ? 16 : 8;
  const entrySize = addresses + (hasAddends ? addresses / 2 : 0);
  const entries = contents(elf, table);
  const count = Math.floor(entries.size / entrySize);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = Float64Array.from(elf.symbols, (symbol) => space.symbolValue(symbol));
  for (let index = 0; index < count; index++) {
    const at = index * entrySize;
    const offset = wide ? entries.size64(at) : entries.u32(at);
    // MIPS's Elf64_Rel has a symbol in 4 bytes, then four bytes, the last of which is the type.
    const info = wide ? entries.u32(at + 8) : entries.u32(at + 4);
    const type = wide ? entries.u8(at + 15) : info & 0xff;
    const symbol = wide ? info : info >>> 8;
    if (type === R_MIPS_NONE) continue;
    const size = type === R_MIPS_32 ? 4 : type === R_MIPS_64 ? 8 : 0;
    if (size === 0) {
      throw damaged(target.name, offset, `${relocationName(type)} is no relocation of data`);
    }
    const value = values[symbol];
    if (value === undefined || offset + size > bytes.length) {
      throw damaged(table.name, at, "a relocation has no symbol, or is outside its section");
    }
    if (size === 4) {
      const addend = hasAddends
        ? lowAddend(entries, at + addresses, wide)
        : view.getUint32(offset, little);
      view.setUint32(offset, (value + addend) >>> 0, little);
    } else {
      const addend = hasAddends ? entries.u64(at + 16) : view.getBigUint64(offset, little);
      view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value) + addend), little);
    }
  }
}

/** The low word of r_addend. */
function lowAddend(entries: Words, at: number, wide: boolean): number {
  return wide ? Number(entries.u64(at) & 0xffffffffn) : entries.u32(at);
}
