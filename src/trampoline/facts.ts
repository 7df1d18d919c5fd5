// The input of the far-jump planner: the module's blocks of memory and its jumps, each with its own place and its target.
// Values only. The module loader gathers them (module/relocation/jumps.ts); group.ts and place.ts read them.

import type { Address } from "../address.ts";

/**
 * The blocks of memory that a module may be loaded into, in the order in which the kernel allocates them: two before
 * Linux 6.4, since then those of enum mod_mem_type.
 */
export const BLOCKS = [
  ...(["core", "init"] as const),
  ...([
    "text",
    "data",
    "rodata",
    "ro_after_init",
    "init_text",
    "init_data",
    "init_rodata",
  ] as const),
] as const;

export type Block = (typeof BLOCKS)[number];

/** Whether a block is freed after the module's init function. */
export function isInitBlock(block: Block): boolean {
  return block === "init" || block.startsWith("init_");
}

/** A value for each block that a module has. */
export type PerBlock<T> = Readonly<Partial<Record<Block, T>>>;

/** Makes a value for each of the given blocks. */
export function perBlock<T>(blocks: readonly Block[], make: (block: Block) => T): PerBlock<T> {
  return Object.fromEntries(blocks.map((block) => [block, make(block)]));
}

/** The blocks that have a value, in the kernel's order. */
export function blocksOf(values: PerBlock<unknown>): Block[] {
  return BLOCKS.filter((block) => values[block] !== undefined);
}

/**
 * A location: in a block of this module, which may still move, or at a final address outside its blocks.
 */
export type Place<A extends Address = number> =
  | { readonly block: Block; readonly offset: number }
  | { readonly address: A };

/** One R_MIPS_26 relocation, its symbol resolved. */
export interface Jump<A extends Address = number> {
  /** The section that is relocated, and r_offset in it. */
  readonly section: string;
  readonly offset: number;
  /** The instruction as in the file, including the in-place addend. */
  readonly word: number;
  readonly symbol: string;
  /** The block that contains `section`, and the site's offset in that block. */
  readonly block: Block;
  readonly at: Place<A>;
  /** The value that Linux's overflow check uses: S alone, or S + A if the relocation holds the addend. */
  readonly value: Place<A>;
  /**
   * S + A: the jump's target. A is the relocation's addend, or the in-place field times four, sign-extended from 28
   * bits.
   */
  readonly target: Place<A>;
  /** Whether S + A is the first instruction of a function; an imported symbol counts as one. */
  readonly targetIsFunction: boolean;
}

/** One block without veneers; offset 0 is its first section. */
export interface BlockFacts<A extends Address = number> {
  /** Address the block is loaded at. */
  readonly base: A;
  /** Bytes from the first section's start to the last section's end. */
  readonly size: number;
  /** The greatest alignment among the block's sections, a power of two. */
  readonly alignment: number;
}

/** Which jumps share a veneer: all jumps to one target from one region ("shared"), or none, as in OpenWrt's loader. */
export type Veneers = "shared" | "each";

export interface PlanFacts<A extends Address = number> {
  /** The blocks that the module has. */
  readonly blocks: PerBlock<BlockFacts<A>>;
  readonly jumps: readonly Jump<A>[];
  /** The register that veneers go through, by number; default: t9. */
  readonly register?: number;
  /** Default: "shared". */
  readonly veneers?: Veneers;
}

/** Where OpenWrt's loader keeps a table of slots: in directly mapped memory, or where vmalloc() puts it. */
export const SIDES = ["kseg0", "vmalloc"] as const;

export type Side = (typeof SIDES)[number];

/** A table of slots for far jumps, outside the module's blocks. */
export interface SlotTable<A extends Address = number> {
  readonly side: Side;
  readonly base: A;
  readonly size: number;
}
