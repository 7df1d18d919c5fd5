// The far-jump plan: which jumps of a module can't reach their targets, which veneers mend them and where these are,
// which jumps can't be mended and why. A pure function from facts to a value: it reads no file and writes no byte.
// Jumps are grouped once (group.ts); veneers are placed (place.ts) repeatedly until the head room suffices. The module
// loader gathers the facts and applies the plan.

import { type Address, distance, plus } from "../address.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { R } from "../isa/registers.ts";
import {
  BLOCKS,
  type Block,
  type BlockFacts,
  blocksOf,
  type Jump,
  type PerBlock,
  type PlanFacts,
  perBlock,
} from "./facts.ts";
import type { FarJump } from "./far-jump.ts";
import { group, placeText } from "./group.ts";
import { type Placement, place } from "./place.ts";
import { mostHeadSlots, type Room } from "./room.ts";
import { veneerFault, veneerSize, veneerWords } from "./veneer.ts";

export interface TrampolinePlan<A extends Address = number> extends Omit<Placement<A>, "missing"> {
  /** The jumps of `farJumps` that can't be mended. */
  readonly refused: readonly FarJump<A>[];
}

/** Bytes of the address space, by the type of addresses. */
const ADDRESS_SPACE = { number: 2 ** 32, bigint: 2 ** 64 } as const;

/** Placements that add head room for veneers without a slot; after them, every jump gets head room. */
const STEPS = 8;

/**
 * Plans the veneers of one module: by default one for each (S + A, region) in each block. Init code uses a veneer of
 * memory that stays if that is in the same region; other code never uses one in init memory. Deterministic.
 *
 * Head room moves sections, and with them targets inside the module, so the set of far jumps may change: each placement
 * counts the veneers without a slot, and the next one makes room for them.
 *
 * @throws Misuse when the facts contradict each other: blocks that overlap or leave the address space, a site outside
 * its block, a register that a veneer may not use.
 */
export function planTrampolines<A extends Address>(facts: PlanFacts<A>): TrampolinePlan<A> {
  const register = facts.register ?? R.t9;
  const blocks = blocksOf(facts.blocks);
  const [anywhere] = blocks.flatMap((block) => facts.blocks[block]?.base ?? []);
  if (anywhere === undefined) throw new Misuse("the module has no block of memory");
  const fault = veneerFault(veneerWords(anywhere, register), anywhere);
  if (fault !== null)
    throw new Misuse(`a trampoline can't go through register ${register}: ${fault}`);
  const rooms = perBlock(blocks, (block) => roomOf(facts, block));
  const grouping = group(facts.jumps, ({ target }) => placeText(target), facts.veneers);
  let heads: PerBlock<number> = {};
  for (let step = 0; ; step++) {
    const { missing, ...placement } = place(facts, grouping, rooms, heads);
    const next = perBlock(blocks, (block) => {
      const [room, lacking = 0, now = 0] = [rooms[block], missing[block], heads[block]];
      if (lacking === 0 || room === undefined) return now;
      const wanted = step < STEPS ? now + lacking : facts.jumps.length;
      return Math.max(now, Math.min(wanted, mostHeadSlots(room)));
    });
    if (blocks.every((block) => next[block] === (heads[block] ?? 0))) {
      return { ...placement, refused: placement.farJumps.filter((far) => far.refusal !== null) };
    }
    heads = next;
  }
}

/** The block's room, which ends at the next block above it. */
function roomOf<A extends Address>(facts: PlanFacts<A>, block: Block): Room<A> {
  const { base, size, alignment } = facts.blocks[block] as BlockFacts<A>;
  const space = spaceFrom(base);
  if (!(base >= 0 && size >= 0 && size <= space)) {
    throw new Misuse(`the ${block} block, ${size} bytes at ${hex(base)}, leaves the address space`);
  }
  if (!(alignment >= 1 && Number.isInteger(Math.log2(alignment)))) {
    throw new Misuse(`the ${block} block's alignment, ${alignment}, isn't a power of two`);
  }
  let limit = space;
  for (const name of blocksOf(facts.blocks)) {
    const other = facts.blocks[name] as BlockFacts<A>;
    if (name === block || other.size === 0) continue;
    const toOther = distance(base, other.base);
    if (size > 0 && toOther < size && -toOther < other.size) {
      const [first, second] = BLOCKS.filter((one) => one === name || one === block);
      throw new Misuse(
        `the ${first} and ${second} blocks overlap at ${hex(plus(base, Math.max(0, toOther)))}`,
      );
    }
    if (toOther >= size) limit = Math.min(limit, toOther);
  }
  return { base, size, alignment, limit, slot: slotSize(facts) };
}

/** Bytes from an address to the end of its address space. */
function spaceFrom(base: Address): number {
  return typeof base === "bigint"
    ? Number(BigInt(ADDRESS_SPACE.bigint) - base)
    : ADDRESS_SPACE.number - base;
}

/** Bytes of the largest veneer that any of the jumps may need. */
function slotSize<A extends Address>(facts: PlanFacts<A>): number {
  const size = ({ target }: Jump<A>): number =>
    veneerSize("block" in target ? (facts.blocks[target.block]?.base ?? 0) : target.address);
  return facts.jumps.reduce((most, jump) => Math.max(most, size(jump)), 16);
}
