// Decides which jumps of a module may share a veneer, and which may not use one. This needs no addresses: it holds
// wherever the blocks and the kernel are. place.ts places the groups' veneers once addresses are known; code that
// writes veneers into a module's file has no addresses and uses only this part.

import type { Block, Jump, PerBlock, Place, Veneers } from "./facts.ts";
import { noVeneer } from "./refusal.ts";

/** The facts of a jump that grouping uses. */
export type Groupable = Pick<Jump, "block" | "word" | "symbol" | "targetIsFunction">;

/** Jumps to one target, by their own block: ascending indices into the list that was grouped. */
export type Group = PerBlock<readonly number[]>;

export interface Grouping {
  /** In the order of their first jumps. */
  readonly groups: readonly Group[];
  /** For each jump the index of its group, or a sentence: why it may not use a veneer. */
  readonly jumps: readonly (number | string)[];
}

/**
 * Groups jumps by target; with "each", every jump is a group of its own.
 * @param targetOf returns a text that is equal for two jumps to the same instruction.
 */
export function group<J extends Groupable>(
  jumps: readonly J[],
  targetOf: (jump: J) => string,
  veneers: Veneers = "shared",
): Grouping {
  const groups: Partial<Record<Block, number[]>>[] = [];
  const byTarget = new Map<string, number>();
  const grouped = jumps.map((jump, index) => {
    const refusal = noVeneer(jump);
    if (refusal !== null) return refusal;
    const name = veneers === "each" ? `${index}` : targetOf(jump);
    const found = byTarget.get(name) ?? groups.push({}) - 1;
    byTarget.set(name, found);
    const own = groups[found] as Partial<Record<Block, number[]>>;
    const list = own[jump.block];
    if (list === undefined) own[jump.block] = [index];
    else list.push(index);
    return found;
  });
  return { groups, jumps: grouped };
}

/** A place as a text, equal for equal places. */
export function placeText(place: Place<number | bigint>): string {
  return "block" in place ? `${place.block}+${place.offset}` : `${place.address}`;
}
