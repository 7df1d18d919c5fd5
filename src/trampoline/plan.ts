// The far-jump plan: which jumps of a module cannot reach, which veneers mend them and where these lie,
// and which can't be mended and why. A pure function from facts to a value: it reads no file and writes
// no byte. The module loader gathers the facts and applies the plan.

import { Misuse } from "../errors.ts";

/** The two blocks a module is loaded into; init is freed after the module's init function. */
export type Block = "core" | "init";

/** Where something lies: in a block of this module, which may still move, or at an address that is final. */
export type Place = { readonly block: Block; readonly offset: number } | { readonly address: number };

/** One R_MIPS_26 relocation, its symbol resolved. */
export interface Jump {
  /** The section that is patched, and r_offset in it. */
  readonly section: string;
  readonly offset: number;
  /** The instruction as it stands in the file, in-place addend included. */
  readonly word: number;
  readonly symbol: string;
  /** The block that `section` lies in, and the site's place in that block. */
  readonly block: Block;
  readonly at: Place;
  /** S alone: what Linux's overflow check looks at. */
  readonly value: Place;
  /** S + A: where the jump goes. */
  readonly target: Place;
  /** Whether S + A is the first instruction of a function; an imported symbol counts as one. */
  readonly targetIsFunction: boolean;
}

/** One block without veneers; offset 0 is its first section. */
export interface BlockFacts {
  /** Address the block is loaded at. */
  readonly base: number;
  /** Bytes from the first section's start to the last section's end. */
  readonly size: number;
  /** The greatest alignment among the block's sections, a power of two. */
  readonly alignment: number;
}

export interface PlanFacts {
  readonly blocks: { readonly core: BlockFacts; readonly init: BlockFacts };
  readonly jumps: readonly Jump[];
}

/** A jump that doesn't reach its target, or that Linux's check takes for one, or that is refused. */
export interface FarJump {
  readonly section: string;
  readonly offset: number;
  /** The site. */
  readonly address: number;
  readonly symbol: string;
  /** S + A. */
  readonly target: number;
  /** The first address of the 256 MiB region that the site's jump stays in, and of the target's. */
  readonly siteRegion: number;
  readonly targetRegion: number;
  /** Why the jump is listed, in a sentence. */
  readonly reason: string;
  /** Linux's verdict, which looks at S alone: true where it says "relocation overflow". */
  readonly overflowsInLinux: boolean;
  /** The veneer the jump goes through; null when it needs none or is refused. */
  readonly trampoline: number | null;
  /** The instruction that mends the site (to the veneer, or straight to a target that is in reach); null when refused. */
  readonly word: number | null;
  /** Why nothing mends it, in a sentence; null when something does. */
  readonly refusal: string | null;
}

/** One veneer. */
export interface Trampoline {
  readonly address: number;
  readonly words: readonly number[];
  readonly target: number;
  readonly symbol: string;
  /** The block that holds it; it lives as long as that block. */
  readonly block: Block;
  /** The first address of the 256 MiB region that holds it. */
  readonly region: number;
  /** Addresses of the jumps that go through it, ascending. */
  readonly sites: readonly number[];
}

export interface TrampolinePlan {
  /** Bytes that all sections of a block move up, to leave head room for veneers below them. */
  readonly shift: { readonly core: number; readonly init: number };
  /** Bytes of each block with shift and veneers. */
  readonly size: { readonly core: number; readonly init: number };
  /** In the order of the facts' jumps. */
  readonly farJumps: readonly FarJump[];
  /** Ascending by address. */
  readonly trampolines: readonly Trampoline[];
  /** Those of `farJumps` that nothing mends. */
  readonly refused: readonly FarJump[];
}

/** Plans the veneers of one module. */
export function planTrampolines(_facts: PlanFacts): TrampolinePlan {
  throw new Misuse("the planner is being written");
}
