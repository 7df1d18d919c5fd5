// Joins the parts of a verified tree. They are read from files with unchecked contents, so their structure is validated
// first.

import { CheckedJson } from "../checked-json.ts";
import { orNull, placesFromJson, shardFromJson, totalFromJson } from "../shards/document.ts";
import { joinParts, timedPart } from "../shards/join.ts";
import { WHOLE } from "../shards/shard.ts";
import type { Comparison } from "./compare.ts";
import { GUEST_MACHINES } from "./guest.ts";
import { MOMENTS } from "./records.ts";
import type { VerifiedTree, VerifySubject } from "./tree.ts";
import { isSame, type VerifiedModule } from "./verify.ts";

/** What differs if a key of the subjects does. */
const NOUNS: Readonly<Record<keyof VerifySubject, string>> = {
  farjal: "versions of farjal",
  tree: "trees",
  kernel: "kernels",
  machine: "machines",
  timings: "timings",
};

/**
 * Joins all parts, given in any order.
 * @throws Incomplete, a Misuse, if parts are missing, doubled or of another work: it names all of them.
 */
export function mergeVerified(
  parts: readonly { readonly name: string; readonly part: VerifiedTree }[],
): VerifiedTree {
  const joined = joinParts(
    parts.map(({ name, part }) => timedPart(name, part, part.modules, part.times)),
    NOUNS,
  );
  const modules = joined.map(({ result }) => result);
  return {
    ...(parts[0]?.part as VerifiedTree),
    shard: WHOLE,
    places: null,
    modules,
    times: joined.map(({ time }) => time),
    held: modules.every(isSame),
  };
}

/** Checks that a parsed JSON document is what `farjal verify DIR --json` prints. @throws Misuse when it isn't. */
export function verifiedFromJson(name: string, document: unknown): VerifiedTree {
  const what = "is not what farjal verify prints of a directory with --json";
  const verified = CheckedJson.of(document, name, what);
  const modules = verified.key("modules").list(moduleOf);
  const subject = verified.key("subject");
  return {
    subject: {
      farjal: subject.key("farjal").text(),
      tree: subject.key("tree").text(),
      kernel: subject.key("kernel").text(),
      machine: subject.key("machine").oneOf(GUEST_MACHINES),
      timings: orNull(subject.key("timings"), (one) => one.text()),
    },
    release: orNull(verified.key("release"), (one) => one.text()),
    total: totalFromJson(verified.key("total")),
    shard: shardFromJson(verified.key("shard")),
    places: placesFromJson(verified.key("places"), modules.length),
    modules,
    times: verified.key("times").list((one) => one.quantity(), modules.length),
    held: verified.key("held").flag(),
  };
}

function moduleOf(one: CheckedJson): VerifiedModule {
  return {
    name: one.key("name").text(),
    path: one.key("path").line(),
    base: orNull(one.key("base"), (value) => value.text()),
    errno: orNull(one.key("errno"), (value) => value.text()),
    loads: one.key("loads").flag(),
    dmesg: one.key("dmesg").list((value) => value.verbatim()),
    paused: one.key("paused").flag(),
    comparisons: one.key("comparisons").list(comparisonOf),
    problems: one.key("problems").list((value) => value.verbatim()),
  };
}

function comparisonOf(one: CheckedJson): Comparison {
  return {
    moment: one.key("moment").oneOf(MOMENTS),
    words: one.key("words").count(),
    equal: one.key("equal").count(),
    explained: one.key("explained").dictionary((value) => value.count()),
    unexplained: one.key("unexplained").count(),
    differences: one.key("differences").list((value) => ({
      address: value.key("address").hex(),
      section: orNull(value.key("section"), (name) => name.verbatim()),
      ours: Number(value.key("ours").hex()),
      live: Number(value.key("live").hex()),
    })),
  };
}
