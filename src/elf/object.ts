// What an ELF file says, as values: the shapes that the reader makes and everything else reads.
// Nothing here looks at bytes; reader.ts does, and has checked every offset and count before.

export type Endian = "little" | "big";

export interface Section {
  readonly index: number;
  readonly name: string;
  /** sh_type, SHT_*. */
  readonly type: number;
  /** sh_flags, SHF_*. */
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** STB_*. */
  readonly binding: number;
  /** STT_*. */
  readonly type: number;
  /** st_shndx as it stands in the file: SHN_* or a section's index. */
  readonly section: number;
}

export interface ElfObject {
  readonly endian: Endian;
  readonly class: 32 | 64;
  /** e_type, ET_*. */
  readonly type: number;
  readonly machine: number;
  /** e_flags, EF_MIPS_*. */
  readonly flags: number;
  readonly entry: number;
  readonly sections: readonly Section[];
  readonly symbols: readonly ElfSymbol[];
  /** The whole ELF image, a module's signature cut off. */
  readonly bytes: Uint8Array;
  /** What a user should know and Linux doesn't mind, in sentences. */
  readonly notes: readonly string[];
}

/** One SHT_REL section: its entries as they stand in the file, eight bytes each. */
export interface RelocationTable {
  readonly section: Section;
  /** The section that the entries patch. */
  readonly target: Section;
  readonly count: number;
  /** The entries as they stand in the file. */
  readonly bytes: Uint8Array;
  offset(index: number): number;
  symbol(index: number): number;
  type(index: number): number;
}
