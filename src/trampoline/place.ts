// Places veneers for a given number of head slots in each block: computes where every jump is, which jumps are far, and
// which slot the veneer of each group and region gets, with its address and words. Veneers without a slot are counted;
// plan.ts then makes room and places again.

import { type Address, ascending } from "../address.ts";
import { hex } from "../hex.ts";
import { withTarget } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";
import { BLOCKS, type Block, type PerBlock, type PlanFacts } from "./facts.ts";
import { type FarJump, judge, settle } from "./far-jump.ts";
import type { Grouping } from "./group.ts";
import { regionOf } from "./region.ts";
import { headShift, type Room, Slots } from "./room.ts";
import { veneerWords } from "./veneer.ts";

/** One veneer. */
export interface Trampoline<A extends Address = number> {
  readonly address: A;
  readonly words: readonly number[];
  readonly target: A;
  readonly symbol: string;
  /** The block that contains it; it exists as long as that block. */
  readonly block: Block;
  /** The first address of the 256 MiB region that contains it. */
  readonly region: A;
  /** Addresses of the jumps that use it, ascending. */
  readonly sites: readonly A[];
}

export interface Placement<A extends Address = number> {
  /** Bytes by which all sections of a block move up, to make head room for veneers below them. */
  readonly shift: PerBlock<number>;
  /** Bytes of each block, including shift and veneers. */
  readonly size: PerBlock<number>;
  /** In the order of the facts' jumps. */
  readonly farJumps: readonly FarJump<A>[];
  /** Ascending by address. */
  readonly trampolines: readonly Trampoline<A>[];
  /** Veneers without a slot; more head room may provide one. */
  readonly missing: PerBlock<number>;
}

/**
 * Places the veneers of grouped jumps: one for each (group, region) in each block. Init code uses the core's veneer if
 * that is in the same region; core code never uses a veneer in init memory.
 * @param heads slots of head room in each block.
 */
export function place<A extends Address>(
  facts: PlanFacts<A>,
  grouping: Grouping,
  rooms: PerBlock<Room<A>>,
  heads: PerBlock<number>,
): Placement<A> {
  const register = facts.register ?? R.t9;
  const shift = perBlock((block) => headShift(rooms[block], heads[block]));
  const slots = perBlock((block) => new Slots(rooms[block], heads[block]));
  const placed = perBlock(() => new Map<string, Trampoline<A> & { readonly sites: A[] }>());
  const missing = perBlock(() => new Set<string>());

  const veneerOf = (block: Block, group: number, far: FarJump<A>): Trampoline<A> | null => {
    const key = `${group} ${far.siteRegion}`;
    let trampoline = placed.core.get(key) ?? placed[block].get(key);
    if (trampoline === undefined) {
      const address = slots[block].take(far.siteRegion);
      if (address === null) {
        if (far.siteRegion === regionOf(rooms[block].base)) missing[block].add(key);
        return null;
      }
      const { target, symbol, siteRegion: region } = far;
      const words = veneerWords(target, register);
      trampoline = { address, words, target, symbol, block, region, sites: [] };
      placed[block].set(key, trampoline);
    }
    trampoline.sites.push(far.address);
    return trampoline;
  };

  const sites = facts.jumps.map((jump) => settle(facts, shift, jump));
  const patched = new Map<A, number>();
  for (const { address } of sites) patched.set(address, (patched.get(address) ?? 0) + 1);
  const judged = sites.map((site, index) => {
    const group = grouping.jumps[index];
    return judge(site, patched.get(site.address) === 1, typeof group === "string" ? group : null);
  });
  // The core's veneers are placed first, so that init code can use them.
  for (const block of BLOCKS) {
    for (const [index, { jump }] of sites.entries()) {
      const far = judged[index] ?? null;
      const group = grouping.jumps[index];
      if (jump.block !== block || far === null || typeof group !== "number") continue;
      if (far.word !== null || far.refusal !== null) continue;
      const veneer = veneerOf(block, group, far);
      judged[index] =
        veneer === null
          ? { ...far, refusal: noRoom(block, far) }
          : { ...far, trampoline: veneer.address, word: withTarget(jump.word, veneer.address) };
    }
  }

  const trampolines = BLOCKS.flatMap((block) => [...placed[block].values()]);
  for (const trampoline of trampolines) trampoline.sites.sort(ascending);
  return {
    shift,
    size: perBlock((block) => slots[block].end),
    farJumps: judged.filter((far) => far !== null),
    trampolines: trampolines.sort((a, b) => ascending(a.address, b.address)),
    missing: perBlock((block) => missing[block].size),
  };
}

function noRoom(block: Block, far: FarJump<Address>): string {
  return `the ${block} block has no room for a veneer in the region of ${hex(far.siteRegion)}`;
}

function perBlock<T>(make: (block: Block) => T): PerBlock<T> {
  return { core: make("core"), init: make("init") };
}
