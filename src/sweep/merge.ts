// Joins the shards of a sweep into the result of one run. Shards are read from files with unchecked contents, so their
// structure is validated first; shards that don't fit together are refused, never repaired.

import { isCount } from "../checked-json.ts";
import { Misuse } from "../errors.ts";
import { joinParts } from "../shards/join.ts";
import { isPath, isShard, isTotal, rangeOf, WHOLE } from "../shards/shard.ts";
import type { Sweep, SweepSubject } from "./result.ts";

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
  const speed = record(sweep?.["speed"]);
  const { total, results } = sweep ?? {};
  if (record(sweep?.["subject"]) === null) throw wrong("it has no subject");
  if (!isShard(sweep?.["shard"])) throw wrong("it has no shard");
  if (!isTotal(total) || !Array.isArray(results)) throw wrong("it has no results");
  if (!SPEED.every((key) => typeof speed?.[key] === "number")) throw wrong("it has no speed");
  const isList = (list: unknown, fits: (one: unknown) => boolean) =>
    Array.isArray(list) && list.length === results.length && list.every(fits);
  if (!isList(speed?.["times"], (one) => typeof one === "number")) throw wrong("it has no times");
  const { places } = sweep as { readonly places?: unknown };
  if (places !== null && !isList(places, isCount)) throw wrong("it has no places of its results");
  for (const result of results.map(record)) {
    const fits = Object.entries(RESULT).every(
      ([key, type]) => result !== null && typeof result[key] === type && result[key] !== null,
    );
    const verdict = ["loads", "refused", "failed"].includes(String(result?.["verdict"]));
    if (!fits || !verdict || !isPath(result?.["path"]))
      throw wrong("one of its results is damaged");
  }
  return document as Sweep;
}

/** What differs if a key of the subjects does. */
const NOUNS: Readonly<Record<keyof SweepSubject, string>> = {
  farjal: "versions of farjal",
  tree: "trees",
  kernel: "kernels",
  symvers: "kernels",
  bases: "options",
  farJumps: "options",
  mend: "options",
  stubMissing: "options",
  rules: "options",
  timings: "timings",
};

/**
 * Joins all shards of one sweep, given in any order.
 * @throws Incomplete, a Misuse, if shards are missing, doubled or of another sweep: it names all of them.
 */
export function mergeSweeps(shards: readonly NamedShard[]): Sweep {
  const joined = joinParts(
    shards.map(({ name, sweep }) => ({
      name,
      subject: { ...sweep.subject },
      total: sweep.total,
      shard: sweep.shard,
      places: sweep.places ?? rangeOf(sweep.total, sweep.shard),
      results: sweep.results.map((result, at) => ({ result, time: sweep.speed.times[at] ?? 0 })),
    })),
    NOUNS,
  );
  const { subject, total } = (shards[0] as NamedShard).sweep;
  const speeds = shards.map(({ sweep }) => sweep.speed);
  const sum = (key: (typeof SPEED)[number]) =>
    speeds.reduce((sofar, speed) => sofar + speed[key], 0);
  return {
    subject,
    total,
    shard: WHOLE,
    places: null,
    results: joined.map(({ result }) => result),
    speed: {
      seconds: sum("seconds"),
      working: sum("working"),
      reading: sum("reading"),
      relocations: sum("relocations"),
      peakMemory: speeds.reduce((most, { peakMemory }) => Math.max(most, peakMemory), 0),
      times: joined.map(({ time }) => time),
    },
  };
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
}
