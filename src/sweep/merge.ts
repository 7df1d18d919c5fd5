// Joins the shards of a sweep into the result of one run. Shards are read from files with unchecked contents, so their
// structure is validated first; shards that don't fit together are refused, never repaired.

import { Misuse } from "../errors.ts";
import { type Sweep, shardRange } from "./result.ts";

/** A shard and its name in messages. */
export interface NamedShard {
  readonly name: string;
  readonly sweep: Sweep;
}

const RESULT = {
  path: "string",
  base: "string",
  verdict: "string",
  farJumps: "number",
  veneers: "number",
  sites: "number",
  relocations: "object",
} as const;
const SPEED = ["seconds", "working", "reading", "relocations", "peakMemory"] as const;

/** Checks that a parsed JSON document is a sweep. @throws Misuse when it isn't. */
export function sweepFromJson(name: string, document: unknown): Sweep {
  const wrong = (what: string) =>
    new Misuse(`${name} is not what farjal sweep --json prints: ${what}`);
  const sweep = record(document);
  const shard = record(sweep?.["shard"]);
  const speed = record(sweep?.["speed"]);
  const { total, results } = sweep ?? {};
  if (record(sweep?.["subject"]) === null) throw wrong("it has no subject");
  if (!isCount(shard?.["index"]) || !isCount(shard["count"])) throw wrong("it has no shard");
  if (shard["index"] < 1 || shard["index"] > shard["count"])
    throw wrong("its shard is out of range");
  if (!isCount(total) || !Array.isArray(results)) throw wrong("it has no results");
  if (!SPEED.every((key) => typeof speed?.[key] === "number")) throw wrong("it has no speed");
  for (const result of results.map(record)) {
    const fits = Object.entries(RESULT).every(
      ([key, type]) => result !== null && typeof result[key] === type && result[key] !== null,
    );
    const verdict = ["loads", "refused", "failed"].includes(String(result?.["verdict"]));
    if (!fits || !verdict) throw wrong("one of its results is damaged");
  }
  return document as Sweep;
}

/**
 * Joins all shards of one sweep, given in any order.
 * @throws Misuse if their trees, kernels or options differ, or if a shard is missing or given twice.
 */
export function mergeSweeps(shards: readonly NamedShard[]): Sweep {
  const [first] = shards;
  if (first === undefined) throw new Misuse("there are no shards to merge");
  const { subject, total, shard } = first.sweep;
  const found = new Map<number, NamedShard>();
  for (const one of shards) {
    checkSame(first, one);
    const { index, count } = one.sweep.shard;
    const twin = found.get(index);
    if (twin !== undefined) {
      throw new Misuse(`${twin.name} and ${one.name} are both shard ${index}/${count}`);
    }
    const [from, end] = shardRange(total, one.sweep.shard);
    if (one.sweep.results.length !== end - from) {
      throw new Misuse(
        `${one.name} has ${one.sweep.results.length} results, and shard ${index}/${count} has ${end - from}`,
      );
    }
    found.set(index, one);
  }
  if (found.size !== shard.count) {
    let missing = 1;
    while (found.has(missing)) missing += 1;
    throw new Misuse(`shard ${missing}/${shard.count} is missing`);
  }
  const sweeps = [...found].sort(([one], [other]) => one - other).map(([, { sweep }]) => sweep);
  const sum = (key: (typeof SPEED)[number]) =>
    sweeps.reduce((sofar, { speed }) => sofar + speed[key], 0);
  return {
    subject,
    total,
    shard: { index: 1, count: 1 },
    results: sweeps.flatMap(({ results }) => results),
    speed: {
      seconds: sum("seconds"),
      working: sum("working"),
      reading: sum("reading"),
      relocations: sum("relocations"),
      peakMemory: sweeps.reduce((most, { speed }) => Math.max(most, speed.peakMemory), 0),
    },
  };
}

function checkSame(first: NamedShard, one: NamedShard): void {
  const differ = (what: string) =>
    new Misuse(`${first.name} and ${one.name} are of different ${what}`);
  const [a, b] = [first.sweep.subject, one.sweep.subject];
  if (a.tree !== b.tree || first.sweep.total !== one.sweep.total) throw differ("trees");
  if (a.kernel !== b.kernel || a.symvers !== b.symvers) throw differ("kernels");
  const options = (subject: Sweep["subject"]) =>
    JSON.stringify([subject.bases, subject.farJumps, subject.mend, subject.stubMissing]);
  if (options(a) !== options(b)) throw differ("options");
  if (first.sweep.shard.count !== one.sweep.shard.count) throw differ("numbers of shards");
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
