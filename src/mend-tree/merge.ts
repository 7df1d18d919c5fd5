// Joins the parts of a mended tree. They are read from files with unchecked contents, so their structure is validated
// first.

import { CheckedJson } from "../checked-json.ts";
import { orNull, placesFromJson, shardFromJson, totalFromJson } from "../shards/document.ts";
import { joinParts, timedPart } from "../shards/join.ts";
import { WHOLE } from "../shards/shard.ts";
import { MEND_VERDICTS, type MendedTree, type MendResult, type MendSubject } from "./result.ts";

/** What differs if a key of the subjects does. */
const NOUNS: Readonly<Record<keyof MendSubject, string>> = {
  farjal: "versions of farjal",
  tree: "trees",
  sites: "options",
  noJumps: "options",
  stripDebug: "options",
  timings: "timings",
};

/**
 * Joins all parts, given in any order.
 * @throws Incomplete, a Misuse, if parts are missing, doubled or of another work: it names all of them.
 */
export function mergeMended(
  parts: readonly { readonly name: string; readonly part: MendedTree }[],
): MendedTree {
  const joined = joinParts(
    parts.map(({ name, part }) => timedPart(name, part, part.results, part.times)),
    NOUNS,
  );
  return {
    ...(parts[0]?.part as MendedTree),
    shard: WHOLE,
    places: null,
    results: joined.map(({ result }) => result),
    times: joined.map(({ time }) => time),
  };
}

/** Checks that a parsed JSON document is what `farjal mend DIR --json` prints. @throws Misuse when it isn't. */
export function mendedFromJson(name: string, document: unknown): MendedTree {
  const mended = CheckedJson.of(
    document,
    name,
    "is not what farjal mend prints of a directory with --json",
  );
  const results = mended.key("results").list(resultOf);
  const subject = mended.key("subject");
  return {
    subject: {
      farjal: subject.key("farjal").text(),
      tree: subject.key("tree").text(),
      sites: subject.key("sites").oneOf(["trace", "remove"]),
      noJumps: subject.key("noJumps").flag(),
      stripDebug: subject.key("stripDebug").flag(),
      timings: orNull(subject.key("timings"), (one) => one.text()),
    },
    total: totalFromJson(mended.key("total")),
    shard: shardFromJson(mended.key("shard")),
    places: placesFromJson(mended.key("places"), results.length),
    results,
    times: mended.key("times").list((one) => one.quantity(), results.length),
  };
}

function resultOf(one: CheckedJson): MendResult {
  return {
    path: one.key("path").line(),
    output: one.key("output").line(),
    verdict: one.key("verdict").oneOf(MEND_VERDICTS),
    changes: one.key("changes").count(),
    refusals: one.key("refusals").list((refusal) => {
      const reason = refusal.key("reason").verbatim();
      const section = orNull(refusal.key("section"), (value) => value.verbatim());
      if (section === null) return { section, offset: null, symbol: null, reason };
      const symbol = refusal.key("symbol").verbatim();
      return { section, offset: refusal.key("offset").count(), symbol, reason };
    }),
    notes: one.key("notes").list((value) => value.verbatim()),
    signatureDropped: one.key("signatureDropped").count(),
  };
}
