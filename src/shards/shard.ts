// One part of a work that is done on many machines, and the items that belong to it: equal ranges, or, with the times of
// an earlier run, parts that take equally long.

import { isCount } from "../checked-json.ts";
import { Misuse } from "../errors.ts";
import { SHARDS } from "../limits.ts";

/** Part `index` of `count`, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export const WHOLE: Shard = { index: 1, count: 1 };

/** Whether a value from a file is a part of a work. */
export function isShard(value: unknown): value is Shard {
  const { index, count } = (value ?? {}) as Partial<Shard>;
  return isCount(index) && isCount(count) && index >= 1 && index <= count && count <= SHARDS;
}

/** @throws Misuse for a part that doesn't exist. */
export function checkShard(shard: Shard): void {
  if (isShard(shard)) return;
  const { index, count } = shard;
  const most = count > SHARDS ? `, and the most are ${SHARDS}` : "";
  throw new Misuse(`there is no shard ${index}/${count}; the first of four is 1/4${most}`);
}

/** The items of a shard, ascending, when each shard has a range of them. */
export function rangeOf(total: number, { index, count }: Shard): number[] {
  const first = Math.floor((total * (index - 1)) / count);
  const end = Math.floor((total * index) / count);
  return Array.from({ length: end - first }, (_, at) => first + at);
}

/**
 * The items of a shard, ascending, when all shards are to take equally long: the longest items are dealt out first, each
 * to the shard that has least to do. Every shard computes the same parts from the same times.
 * @param seconds of each item; null where it is unknown, which counts as the average.
 */
export function balancedPart(
  seconds: readonly (number | null)[],
  { index, count }: Shard,
): number[] {
  const known = seconds.filter((one) => one !== null);
  const average = known.reduce((sum, one) => sum + one, 0) / Math.max(1, known.length);
  const weights = seconds.map((one) => one ?? average);
  // With more shards than items, the last ones get none.
  const shards = Math.min(count, weights.length);
  const loads = new Float64Array(shards);
  const part: number[] = [];
  for (const item of longestFirst(weights)) {
    let least = 0;
    for (let shard = 1; shard < shards; shard++) {
      if ((loads[shard] as number) < (loads[least] as number)) least = shard;
    }
    // An item without any time still counts, so that the shards have equal numbers of them.
    loads[least] = (loads[least] as number) + Math.max(weights[item] as number, 1e-6);
    if (least === index - 1) part.push(item);
  }
  return part.sort((one, other) => one - other);
}

/** The items in the order in which they are best begun: the longest first, equal ones in their own order. */
export function longestFirst(weights: readonly number[]): number[] {
  return weights
    .map((weight, item) => ({ weight, item }))
    .sort((one, other) => other.weight - one.weight || one.item - other.item)
    .map(({ item }) => item);
}
