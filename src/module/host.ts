// What the module loader needs from a machine with 32-bit addresses (A is number) or 64-bit ones (bigint). A machine
// implements this with its memory, its kernel's symbols and its loaded modules; tests implement it with less. The
// loader uses nothing else, and keeps no address between two loads.

import type { Address, Width } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import type { Block } from "../trampoline/facts.ts";

/** A symbol that the kernel or a loaded module exports. */
export interface Export<A extends Address = number> {
  readonly name: string;
  readonly address: A;
  /** Its checksum; null if the exporter has none or it is unknown: then every version fits. */
  readonly crc: number | null;
  readonly gpl: boolean;
  readonly namespace: string | null;
  /** The module that exports it; null for the kernel itself. */
  readonly owner: ExportOwner | null;
}

export interface ExportOwner {
  readonly name: string;
  /** Whether its license is incompatible with the GPL, which taints every module that uses its symbols. */
  readonly proprietary: boolean;
}

/** The kernel's taints that loading a module can set, by the names of linux/panic.h. */
export type Taint =
  | "PROPRIETARY_MODULE"
  | "FORCED_MODULE"
  | "CRAP"
  | "OOT_MODULE"
  | "UNSIGNED_MODULE"
  | "USER"
  | "TEST";

/** A block in guest memory. A size of 0 is no memory; its base is then 0. */
export interface MemoryBlock<A extends Address = number> {
  readonly base: A;
  readonly size: number;
}

/** One of the blocks that a module is loaded into. */
export interface ModuleBlock<A extends Address = number> extends MemoryBlock<A> {
  readonly type: Block;
}

export interface MemoryRequest<A extends Address = number> {
  /** What it is for: a block of the module, or a table of slots for its far jumps. */
  readonly type: Block | "slots";
  /** Bytes, at least 1. */
  readonly size: number;
  /** Its address, page-aligned; default: the first free range. */
  readonly base?: A | undefined;
  /** Where the search for a free range begins; default: at the start of the module space. */
  readonly from?: A | undefined;
  /**
   * Where no address is given: take directly mapped pages (kseg0) if there are any. No guard page follows them.
   */
  readonly direct?: boolean | undefined;
}

/** Addresses in the core's form. */
export type AddressArray = Uint32Array | BigUint64Array;

/** One section's relocations, ready for the core. */
export interface SectionRelocations<A extends Address = number> {
  readonly address: A;
  readonly size: number;
  /** Final symbol values, S, by symbol index. */
  readonly symbols: AddressArray;
  /** The entries, Elf32_Rel or MIPS's Elf64_Rela, their numbers in the host's byte order. */
  readonly entries: Uint8Array;
}

export interface RelocationOutcome {
  /** The result, RELOC_* of assembly/shared/relocation.ts. */
  readonly code: number;
  /** The entry that failed; undefined if none did, or if no single entry is the cause (RELOC_UNPAIRED_HI16). */
  readonly entry: number;
}

export interface ModuleHost<A extends Address = number> {
  readonly endian: Endian;
  readonly width: Width<A>;
  /** Bytes of a page in the kernel. */
  readonly pageSize: number;
  /** The kernel's version magic; null if it is unknown (a System.map, the lab): then every module's fits. */
  readonly vermagic: string | null;

  /** The export of a name, by the kernel first, then by modules. */
  findExport(name: string): Export<A> | undefined;
  /** A sentence: why these names, at least one, are not exported, and what to do about it. */
  whyMissing(names: readonly string[]): string;
  /** Whether a module of this name is loaded. */
  isLoaded(name: string): boolean;
  /** Sets a taint of the kernel, and returns whether it was clear. */
  taint(taint: Taint): boolean;
  /** Whether a taint is set. */
  isTainted(taint: Taint): boolean;
  /** The size of struct module in bytes, as the kernel's modules show it; null if it is unknown. */
  readonly structModuleSize: number | null;
  /** Whether a line of this kind has not been printed before, for the lines that a kernel prints only once. */
  isFirst(kind: string): boolean;
  /** __debug_locks_off(): returns whether locks were debugged until now; initially they are. */
  debugLocksOff(): boolean;

  /**
   * Allocates zeroed memory for a block of a module: page-aligned and followed by a page that isn't mapped.
   * @throws Refusal (ENOMEM) if there is no room, at the requested address or anywhere.
   */
  allocate(request: MemoryRequest<A>): MemoryBlock<A>;
  /** Frees what allocate() put at `block.base`. */
  free(block: MemoryBlock<A>): void;
  /** Allocates an area for a module's per-CPU variables and returns the address that their symbols are relative to. */
  allocatePerCpu(size: number, alignment: number): A;
  freePerCpu(address: A): void;

  /** Guest bytes; undefined if any of them is not mapped. */
  read(address: A, size: number): Uint8Array | undefined;
  /** Writes guest bytes that are mapped, and makes sure that no outdated translation of them runs. */
  write(address: A, bytes: Uint8Array): void;
  /** Relocates one section, which is not empty; relocation.ts does it on the core. */
  relocate(section: SectionRelocations<A>): RelocationOutcome;
}
