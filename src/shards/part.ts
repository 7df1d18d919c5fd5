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
 * @param earlier an earlier run's items and the seconds of each; undefined if there was none.
 * @param nameOf an earlier item's name.
 */
export function plannedPart<T>(
  names: readonly string[],
  shard: Shard,
  earlier: { readonly items: readonly T[]; readonly times: readonly number[] } | undefined,
  nameOf: (item: T) => string,
): PlannedPart {
  if (earlier === undefined) {
    return { places: rangeOf(names.length, shard), seconds: null, weights: null };
  }
  const known = new Map(earlier.items.map((item, index) => [nameOf(item), earlier.times[index]]));
  const seconds = names.map((name) => known.get(name) ?? null);
  const places = balancedPart(seconds, shard);
  return { places, seconds, weights: places.map((place) => seconds[place] ?? 0) };
}
