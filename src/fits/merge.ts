// Joins the parts of the verdicts on a tree. They are read from files with unchecked contents, so their structure is
// validated first.

import { isCount } from "../checked-json.ts";
import { Misuse } from "../errors.ts";
import { joinParts } from "../shards/join.ts";
import { isPath, isShard, isTotal, rangeOf, WHOLE } from "../shards/shard.ts";
import type { Verdict } from "./reason.ts";
import type { TreeFits, TreeSubject } from "./tree.ts";

/** A part and its file's name in messages. */
export interface NamedPart {
  readonly name: string;
  readonly part: TreeFits;
}

/** What differs if a key of the subjects does. */
const NOUNS: Readonly<Record<keyof TreeSubject, string>> = {
  farjal: "versions of farjal",
  tree: "trees",
  kernel: "kernels",
  symvers: "kernels",
  options: "options",
  timings: "timings",
};

/**
 * Joins all parts, given in any order.
 * @throws Incomplete, a Misuse, if parts are missing, doubled or of another work: it names all of them.
 */
export function mergeFits(parts: readonly NamedPart[]): TreeFits {
  const joined = joinParts(
    parts.map(({ name, part }) => ({
      name,
      subject: { ...part.subject },
      total: part.total,
      shard: part.shard,
      places: part.places ?? rangeOf(part.total, part.shard),
      results: part.modules.map((verdict, at) => ({ verdict, time: part.times[at] ?? 0 })),
    })),
    NOUNS,
  );
  const modules = joined.map(({ verdict }) => verdict);
  return {
    ...(parts[0] as NamedPart).part,
    fits: modules.every(({ fits }) => fits),
    modules,
    shard: WHOLE,
    places: null,
    times: joined.map(({ time }) => time),
  };
}

/** Checks that a parsed JSON document is what `farjal fits DIR --json` prints. @throws Misuse when it isn't. */
export function fitsFromJson(name: string, document: unknown): TreeFits {
  const fits = document as Partial<TreeFits> | null;
  const wrong = (what: string): Misuse =>
    new Misuse(`${name} is not what farjal fits prints of a directory with --json: ${what}`);
  if (typeof fits !== "object" || fits === null || Array.isArray(fits)) throw wrong("no object");
  const { modules, subject, shard, total, times, places, kernel, notes } = fits;
  if (typeof subject !== "object" || typeof kernel !== "object") throw wrong("it has no subject");
  if (!isShard(shard) || !isTotal(total)) throw wrong("it has no shard");
  if (!Array.isArray(notes) || !Array.isArray(modules) || !modules.every(isVerdict)) {
    throw wrong("it has no verdicts");
  }
  const isList = (list: unknown): boolean =>
    Array.isArray(list) &&
    list.length === modules.length &&
    list.every((one) => typeof one === "number" && one >= 0);
  if (!isList(times)) throw wrong("it has no times");
  if (places !== null && !(isList(places) && places?.every(isCount)))
    throw wrong("it has no places");
  return document as TreeFits;
}

function isVerdict(one: unknown): boolean {
  const { file, fits, reasons } = (one ?? {}) as Partial<Verdict>;
  return isPath(file) && typeof fits === "boolean" && Array.isArray(reasons);
}
