// What one machine does of a work whose items have names: a range of them or, with the times of an earlier run, a part
// that takes as long as the others. Each work says how its items are named; this file finds the earlier times by name.

import { balancedPart, rangeOf, type Shard } from "./shard.ts";

export interface PlannedPart {
  /** The items' places in the whole, ascending. */
  readonly places: readonly number[];
  /** The seconds that each item of the whole took earlier, null for a new one; null if the part is a range. */
  readonly seconds: readonly (number | null)[] | null;
  /** The same for the items of the part, 0 for a new one. */
  readonly weights: readonly number[] | null;
}

/**
 * @param names of the whole work's items, in its order.
 * @param earlier the names and seconds of an earlier run's items; undefined if there was none.
 */
export function plannedPart(
  names: readonly string[],
  shard: Shard,
  earlier?: Iterable<readonly [name: string, seconds: number | undefined]>,
): PlannedPart {
  if (earlier === undefined) {
    return { places: rangeOf(names.length, shard), seconds: null, weights: null };
  }
  const known = new Map(earlier);
  const seconds = names.map((name) => known.get(name) ?? null);
  const places = balancedPart(seconds, shard);
  return { places, seconds, weights: places.map((place) => seconds[place] ?? 0) };
}
