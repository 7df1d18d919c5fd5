// The far jumps of a module as OpenWrt's kernel mends them (its patches 305-mips_module_reloc and 301-02): two tables of
// slots outside the module's memory, one in kseg0 and one in mapped memory, and for each far jump the next slot of the
// table on the jump's own side. Nothing is shared, and nothing checks that a slot is in reach of its jump. A slot's words
// are those of a veneer through t9. The loader counts the slots and allocates the tables before it knows any address.

import { type Address, ascending, lowWord, plus } from "../address.ts";
import { withTarget } from "../isa/assemble.ts";
import {
  blocksOf,
  type PerBlock,
  type PlanFacts,
  perBlock,
  type Side,
  type SlotTable,
} from "./facts.ts";
import { type FarJump, judge, settle } from "./far-jump.ts";
import type { Trampoline } from "./place.ts";
import type { TrampolinePlan } from "./plan.ts";
import { reachOf, regionOf } from "./region.ts";
import { veneerWords } from "./veneer.ts";

/** Bytes of a slot. */
export const SLOT = 16;

/** KSEG0 is addresses 0x80000000 to 0x9fffffff. */
function sideOf(address: Address): Side {
  return lowWord(address) >>> 29 === 4 ? "kseg0" : "vmalloc";
}

/**
 * Gives each far jump its slot, in the order of the jumps' relocations. A jump without a slot stays far: the relocator
 * then reports its overflow.
 */
export function openWrtPlan<A extends Address>(
  facts: PlanFacts<A>,
  tables: readonly SlotTable<A>[],
): TrampolinePlan<A> {
  const blocks = blocksOf(facts.blocks);
  const origin = perBlock(blocks, (block) => facts.blocks[block]?.base) as PerBlock<A>;
  const used: Record<Side, number> = { kseg0: 0, vmalloc: 0 };
  const trampolines: Trampoline<A>[] = [];
  const farJumps = facts.jumps.flatMap((jump): FarJump<A>[] => {
    const far = judge(settle(facts, origin, jump), true, null);
    // Linux checks S alone; a jump that only its addend takes out of reach goes wrong without a word.
    if (far === null || !far.overflowsInLinux || far.refusal !== null) return [];
    const side = sideOf(far.address);
    const table = tables.find((one) => one.side === side);
    if (table === undefined || (used[side] + 1) * SLOT > table.size) return [far];
    const address = plus(table.base, SLOT * used[side]);
    used[side] += 1;
    const { target, symbol } = far;
    const region = regionOf(address);
    const words = veneerWords(target);
    trampolines.push({ address, words, target, symbol, block: side, region, sites: [far.address] });
    const refusal =
      region === reachOf(far.address)
        ? null
        : `its slot is in another 256 MiB region, which OpenWrt's loader doesn't check: the jump goes wrong`;
    return [{ ...far, trampoline: address, word: withTarget(jump.word, address), refusal }];
  });
  return {
    shift: perBlock(blocks, () => 0),
    size: perBlock(blocks, (block) => facts.blocks[block]?.size ?? 0),
    farJumps,
    trampolines: trampolines.sort((a, b) => ascending(a.address, b.address)),
    refused: farJumps.filter(({ refusal }) => refusal !== null),
  };
}
