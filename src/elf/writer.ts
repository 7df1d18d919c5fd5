// Writes ELF files of MIPS, of both classes and byte orders, from a value: the header's fields, and sections with their
// bytes. To change a file, read it, convert it to such a value (imageOf), change that and write it. The writer lays
// sections out in index order and makes the section names; it does not interpret sections, so the caller keeps symbols
// and relocations consistent.

import type { Address } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { Words } from "../bytes/words.ts";
import { contents } from "./contents.ts";
import {
  EHDR_SIZE,
  EHDR64_SIZE,
  EI_CLASS,
  EI_DATA,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  SHDR_SIZE,
  SHDR64_SIZE,
  SHT_NOBITS,
} from "./numbers.ts";
import type { ElfObject, Section } from "./object.ts";
import { StringTableBuilder } from "./string-table-builder.ts";

/** A section to write. */
export interface ImageSection {
  readonly name: string;
  /** sh_type, SHT_*. */
  readonly type: number;
  /** sh_flags, SHF_*. */
  readonly flags: number;
  /** sh_addr. */
  readonly address: Address;
  readonly bytes: Uint8Array;
  /** sh_size (default: that of `bytes`); needed for SHT_NOBITS, and to write a wrong size in a test. */
  readonly size?: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

/** A whole file. */
export interface ElfImage {
  readonly endian: Endian;
  readonly class: 32 | 64;
  /** e_type, ET_*. */
  readonly type: number;
  readonly machine: number;
  /** e_flags, EF_MIPS_*. */
  readonly flags: number;
  /** EI_OSABI and EI_ABIVERSION, bytes 7 and 8 of the file (default: both 0). */
  readonly abi?: readonly [osabi: number, version: number];
  /** Section 0, the null section, first. */
  readonly sections: readonly ImageSection[];
  /** The index of the section with the sections' names, e_shstrndx; missing names are added to it. */
  readonly names: number;
  /** EI_CLASS and EI_DATA, if they are to differ from the real ones. */
  readonly stated?: { readonly class?: number; readonly endian?: Endian };
}

const VERSION = 1;
/** A section's offset in the file has the section's alignment, up to this; a larger one matters only in memory. */
const MOST_ALIGNED = 64;
const WORD = 4;

/** Section 0. */
export const NULL_SECTION: ImageSection = {
  name: "",
  type: 0,
  flags: 0,
  address: 0,
  bytes: new Uint8Array(0),
  link: 0,
  info: 0,
  alignment: 0,
  entrySize: 0,
};

/** Converts a file that was read to a value that can be changed and written. Sections share the file's bytes. */
export function imageOf(elf: ElfObject): ElfImage {
  const words = new Words(elf.bytes, elf.endian);
  return {
    endian: elf.endian,
    class: elf.class,
    type: elf.type,
    machine: elf.machine,
    flags: elf.flags,
    abi: [words.u8(7), words.u8(8)],
    names: words.u16(elf.class === 64 ? 62 : 50),
    sections: elf.sections.map((section) => imageSection(elf, section)),
  };
}

function imageSection(elf: ElfObject, section: Section): ImageSection {
  if (section.index === 0) return NULL_SECTION;
  const { index: _index, offset: _offset, size, ...fields } = section;
  const { bytes } = contents(elf, section);
  return section.type === SHT_NOBITS ? { ...fields, bytes, size } : { ...fields, bytes };
}

/** The file's bytes. */
export function writeElf(image: ElfImage): Uint8Array {
  const wide = image.class === 64;
  const [headerSize, entrySize] = wide ? [EHDR64_SIZE, SHDR64_SIZE] : [EHDR_SIZE, SHDR_SIZE];
  const builder = new StringTableBuilder(image.sections[image.names]?.bytes);
  const names = image.sections.map(({ name }) => builder.add(name));
  const sections = image.sections.map((section, index) =>
    index === image.names ? named(section, builder.bytes()) : section,
  );
  let end = headerSize;
  const offsets = sections.map(({ type, bytes, alignment }, index) => {
    if (index === 0) return 0;
    const step = Math.min(Math.max(alignment, 1), MOST_ALIGNED);
    if (type !== SHT_NOBITS) end = Math.ceil(end / step) * step;
    const offset = end;
    end += bytes.length;
    return offset;
  });
  const headers = Math.ceil(end / (wide ? 8 : WORD)) * (wide ? 8 : WORD);
  const file = new Uint8Array(headers + sections.length * entrySize);
  writeHeader(file, image, headers);
  const fields = new Fields(file, image);
  for (const [index, section] of sections.entries()) {
    const { type, flags, address, bytes, link, info, alignment } = section;
    const offset = offsets[index] as number;
    file.set(bytes, offset);
    fields.at = headers + index * entrySize;
    fields
      .word(names[index] as number)
      .word(type)
      .long(flags)
      .long(address)
      .long(offset);
    fields
      .long(section.size ?? bytes.length)
      .word(link)
      .word(info);
    fields.long(alignment).long(section.entrySize);
  }
  return file;
}

/** The section of names with its new bytes, without the wrong size that it may have had. */
function named({ size, ...section }: ImageSection, bytes: Uint8Array): ImageSection {
  return { ...section, bytes };
}

function writeHeader(file: Uint8Array, image: ElfImage, sectionHeaders: number): void {
  const wide = image.class === 64;
  const little = (image.stated?.endian ?? image.endian) === "little";
  file.set([0x7f, 0x45, 0x4c, 0x46]);
  file[EI_CLASS] = image.stated?.class ?? (wide ? ELFCLASS64 : ELFCLASS32);
  file[EI_DATA] = little ? ELFDATA2LSB : ELFDATA2MSB;
  file[6] = VERSION;
  file.set(image.abi ?? [0, 0], 7);
  const fields = new Fields(file, image);
  fields.at = 16;
  fields.half(image.type).half(image.machine).word(VERSION);
  fields.long(0).long(0).long(sectionHeaders); // e_entry, e_phoff, e_shoff
  fields.word(image.flags).half(wide ? EHDR64_SIZE : EHDR_SIZE);
  fields.half(0).half(0); // no program headers
  fields
    .half(wide ? SHDR64_SIZE : SHDR_SIZE)
    .half(image.sections.length)
    .half(image.names);
}

/** Writes numbers one after the other, in the file's byte order. */
class Fields {
  at = 0;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #wide: boolean;

  constructor(file: Uint8Array, image: ElfImage) {
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    this.#little = image.endian === "little";
    this.#wide = image.class === 64;
  }

  half(value: number): this {
    this.#view.setUint16(this.at, value, this.#little);
    this.at += 2;
    return this;
  }

  word(value: number): this {
    this.#view.setUint32(this.at, value, this.#little);
    this.at += 4;
    return this;
  }

  /** A field of 32 bits in ELF32, of 64 bits in ELF64. */
  long(value: Address): this {
    if (!this.#wide) return this.word(Number(value));
    this.#view.setBigUint64(this.at, BigInt.asUintN(64, BigInt(value)), this.#little);
    this.at += 8;
    return this;
  }
}
