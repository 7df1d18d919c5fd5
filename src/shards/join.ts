// Joins the parts of a work that was done on many machines. The parts come as files with unknown contents: those of
// another work are foreign, others may be there twice or not at all. Either all parts fit together, or the error names
// everything that is wrong and the parts to do again.

import { Misuse } from "../errors.ts";
import { rangeOf, type Shard } from "./shard.ts";

/** One part, as its file has it. */
export interface Part<R> {
  /** The file's name in messages. */
  readonly name: string;
  /** What the results depend on: parts of one work agree in all of it. Each key's noun is in the caller's table. */
  readonly subject: Readonly<Record<string, unknown>>;
  /** The number of results of the whole work. */
  readonly total: number;
  readonly shard: Shard;
  /** The results' places in the whole, ascending. */
  readonly places: readonly number[];
  readonly results: readonly R[];
}

/** What the document of a part has in every kind of work. */
export interface PartDocument {
  readonly subject: object;
  readonly total: number;
  readonly shard: Shard;
  /** null if the part has a range of the whole. */
  readonly places: readonly number[] | null;
}

/** A part whose document has a list of results and, beside it, the seconds of each. */
export function timedPart<R>(
  name: string,
  { subject, total, shard, places }: PartDocument,
  results: readonly R[],
  times: readonly number[],
): Part<{ readonly result: R; readonly time: number }> {
  return {
    ...{ name, subject: { ...subject }, total, shard },
    places: places ?? rangeOf(total, shard),
    results: results.map((result, at) => ({ result, time: times[at] ?? 0 })),
  };
}

/** Parts that don't make a whole. */
export class Incomplete extends Misuse {
  readonly missing: readonly number[];
  readonly doubled: readonly { readonly shard: string; readonly files: readonly string[] }[];
  readonly foreign: readonly { readonly file: string; readonly why: string }[];
  /** The parts to do again, each as --shard takes it. */
  readonly retry: readonly string[];

  constructor(details: Pick<Incomplete, "missing" | "doubled" | "foreign" | "retry">) {
    const { missing, doubled, foreign } = details;
    const { retry } = details;
    super(
      [
        ...(missing.length === 0
          ? []
          : [
              `shard${missing.length > 1 ? "s" : ""} ${retry.join(", ")} ${missing.length > 1 ? "are" : "is"} missing`,
            ]),
        ...doubled.map(
          ({ shard, files }) =>
            `${files.join(" and ")} are ${files.length > 2 ? "all" : "both"} shard ${shard}`,
        ),
        ...foreign.map(({ why }) => why),
      ].join("; "),
    );
    this.missing = missing;
    this.doubled = doubled;
    this.foreign = foreign;
    this.retry = retry;
  }
}

/**
 * The results of the whole work, in its order.
 * @param nouns the keys of a subject, with what differs where they differ: "trees".
 * @throws Incomplete if parts are missing, doubled or foreign; Misuse for a part whose results aren't its own.
 */
export function joinParts<R>(
  parts: readonly Part<R>[],
  nouns: Readonly<Record<string, string>>,
): R[] {
  const { reference, foreign } = sortOut(parts, nouns);
  const { count } = reference.shard;
  const own = parts.filter(({ name }) => !foreign.some(({ file }) => file === name));
  const byIndex = new Map<number, Part<R>[]>();
  for (const part of own) {
    const { index } = part.shard;
    byIndex.set(index, [...(byIndex.get(index) ?? []), part]);
  }
  const missing: number[] = [];
  for (let index = 1; index <= count; index++) if (!byIndex.has(index)) missing.push(index);
  const doubled = [...byIndex]
    .filter(([, same]) => same.length > 1)
    .map(([index, same]) => ({ shard: `${index}/${count}`, files: same.map(({ name }) => name) }));
  const retry = missing.map((index) => `${index}/${count}`);
  if (missing.length + doubled.length + foreign.length > 0) {
    throw new Incomplete({ missing, doubled, foreign, retry });
  }
  return placed(own, reference.total);
}

interface Sorted<R> {
  readonly reference: Part<R>;
  readonly foreign: { readonly file: string; readonly why: string }[];
}

/** The work that most parts belong to, of equally many the first; the others are foreign. */
function sortOut<R>(parts: readonly Part<R>[], nouns: Readonly<Record<string, string>>): Sorted<R> {
  const [first] = parts;
  if (first === undefined) throw new Misuse("there are no shards to merge");
  const keyOf = ({ subject, total, shard }: Part<R>): string =>
    JSON.stringify([Object.keys(nouns).map((key) => subject[key] ?? null), total, shard.count]);
  const counts = new Map<string, number>();
  for (const part of parts) counts.set(keyOf(part), (counts.get(keyOf(part)) ?? 0) + 1);
  const most = parts.reduce((best, part) =>
    (counts.get(keyOf(part)) ?? 0) > (counts.get(keyOf(best)) ?? 0) ? part : best,
  );
  const foreign = parts
    .filter((part) => keyOf(part) !== keyOf(most))
    .map((part) => ({
      file: part.name,
      why: `${part.name} and ${most.name} are of different ${difference(part, most, nouns)}`,
    }));
  return { reference: most, foreign };
}

function difference<R>(
  one: Part<R>,
  other: Part<R>,
  nouns: Readonly<Record<string, string>>,
): string {
  const differs = Object.entries(nouns).find(
    ([key]) =>
      JSON.stringify(one.subject[key] ?? null) !== JSON.stringify(other.subject[key] ?? null),
  );
  if (differs !== undefined) return differs[1];
  return one.total === other.total ? "numbers of shards" : "trees";
}

function placed<R>(parts: readonly Part<R>[], total: number): R[] {
  const results: R[] = [];
  let count = 0;
  for (const { name, places, results: own, shard } of parts) {
    if (places.length !== own.length) {
      throw new Misuse(
        `${name} has ${own.length} results, and shard ${shard.index}/${shard.count} has ${places.length}`,
      );
    }
    for (const [at, place] of places.entries()) {
      if (place >= total || results[place] !== undefined) {
        throw new Misuse(`${name} has a result that isn't its own, at place ${place}`);
      }
      results[place] = own[at] as R;
      count += 1;
    }
  }
  if (count !== total) throw new Misuse(`the shards have ${count} results of ${total}`);
  return results;
}
