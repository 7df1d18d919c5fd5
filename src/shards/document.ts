// The parts of a document that every work in shards has: which shard it is, and the places of its results in the whole.
// They are read from files with unchecked contents.

import type { CheckedJson } from "../checked-json.ts";
import { SHARD_RESULTS, SHARDS } from "../limits.ts";
import type { Shard } from "./shard.ts";

export function shardFromJson(shard: CheckedJson): Shard {
  const count = shard.key("count").count(1, SHARDS);
  return { index: shard.key("index").count(1, count), count };
}

/** The number of results of a whole work. */
export function totalFromJson(total: CheckedJson): number {
  return total.count(0, SHARD_RESULTS);
}

/** @param length the number of results; null if the part has a range of the whole. */
export function placesFromJson(places: CheckedJson, length: number): number[] | null {
  return orNull(places, (list) => list.list((one) => one.count(), length));
}

export function orNull<T>(value: CheckedJson, read: (one: CheckedJson) => T): T | null {
  return value.or(null, read) ?? null;
}
