// The contents of an ELF file as values: the types that the reader makes and all other code uses. reader.ts reads the
// bytes and has checked every offset and count.

import type { Address } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";

export interface Section {
  readonly index: number;
  readonly name: string;
  /** sh_type, SHT_*. */
  readonly type: number;
  /** sh_flags, SHF_*. */
  readonly flags: number;
  /** sh_addr; a bigint in ELF64. */
  readonly address: Address;
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
  /** st_value as an offset in its section; exact below 2⁵³. */
  readonly value: number;
  /** st_value as an address, which it is for SHN_ABS and in a linked file; a bigint in ELF64. */
  readonly address: Address;
  readonly size: number;
  /** STB_*. */
  readonly binding: number;
  /** STT_*. */
  readonly type: number;
  /** st_shndx as the file has it: SHN_* or a section's index. */
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
  readonly sections: readonly Section[];
  readonly symbols: readonly ElfSymbol[];
  /** The whole ELF image, without a module's signature. */
  readonly bytes: Uint8Array;
  /** Remarks for the user on things that Linux accepts, in sentences. */
  readonly notes: readonly string[];
}

/** One SHT_REL section of an ELF32 file, or one SHT_RELA section of an ELF64 file. */
export interface RelocationTable {
  readonly section: Section;
  /** The section that the entries modify. */
  readonly target: Section;
  readonly count: number;
  /** The entries as the file has them, 8 bytes each in ELF32 and 24 in ELF64. */
  readonly bytes: Uint8Array;
  /** Whether entries hold their addends (RELA), exact below 2⁵³; otherwise the addends are in the target section. */
  readonly hasAddends: boolean;
  offset(index: number): number;
  symbol(index: number): number;
  type(index: number): number;
  /** r_addend; 0 for REL. */
  addend(index: number): number;
}
