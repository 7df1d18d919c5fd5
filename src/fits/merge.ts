// Joins the parts of the verdicts on a tree. They are read from files with unchecked contents, so their structure is
// validated first.

import { CheckedJson } from "../checked-json.ts";
import { RULE_IDS } from "../kernel/rules/table.ts";
import { orNull, placesFromJson, shardFromJson, totalFromJson } from "../shards/document.ts";
import { joinParts, timedPart } from "../shards/join.ts";
import { WHOLE } from "../shards/shard.ts";
import {
  makeReason,
  REASON_KINDS,
  type Reason,
  type RuleDifference,
  type Verdict,
} from "./reason.ts";
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
    parts.map(({ name, part }) => timedPart(name, part, part.modules, part.times)),
    NOUNS,
  );
  const modules = joined.map(({ result }) => result);
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
  const what = "is not what farjal fits prints of a directory with --json";
  const fits = CheckedJson.of(document, name, what);
  const modules = fits.key("modules").list(verdictOf);
  const subject = fits.key("subject");
  const kernel = fits.key("kernel");
  const text = (one: CheckedJson): string => one.text();
  return {
    fits: fits.key("fits").flag(),
    kernel: {
      file: kernel.key("file").text(),
      release: orNull(kernel.key("release"), text),
      vermagic: orNull(kernel.key("vermagic"), text),
      modules: orNull(kernel.key("modules"), text),
    },
    modules,
    notes: fits.key("notes").list(text),
    subject: {
      farjal: subject.key("farjal").text(),
      tree: subject.key("tree").text(),
      kernel: subject.key("kernel").text(),
      symvers: orNull(subject.key("symvers"), text),
      options: subject.key("options").text(),
      timings: orNull(subject.key("timings"), text),
    },
    total: totalFromJson(fits.key("total")),
    shard: shardFromJson(fits.key("shard")),
    places: placesFromJson(fits.key("places"), modules.length),
    times: fits.key("times").list((one) => one.quantity(), modules.length),
  };
}

function verdictOf(one: CheckedJson): Verdict {
  const texts = (key: string): string[] => one.key(key).list((value) => value.verbatim());
  return {
    file: one.key("file").line(),
    name: orNull(one.key("name"), (value) => value.text()),
    fits: one.key("fits").flag(),
    reasons: one.key("reasons").list(reasonOf),
    needs: texts("needs"),
    rules: one.key("rules").list(ruleOf),
    notes: texts("notes"),
  };
}

function ruleOf(one: CheckedJson): RuleDifference {
  return {
    rule: one.key("rule").oneOf(RULE_IDS),
    what: one.key("what").verbatim(),
    kernel: one.key("kernel").text(),
    against: one.key("against").text(),
  };
}

function reasonOf(one: CheckedJson): Reason {
  return makeReason({
    kind: one.key("kind").oneOf(REASON_KINDS),
    symbol: orNull(one.key("symbol"), (value) => value.text()),
    dmesg: one.key("dmesg").list((value) => value.verbatim()),
    explanation: one.key("explanation").verbatim(),
    remedy: one.key("remedy").verbatim(),
  });
}
