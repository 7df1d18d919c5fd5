// Joins the shards of a sweep into the result of one run. Shards are read from files with unchecked contents, so their
// structure is validated first; shards that don't fit together are refused, never repaired.

import { CheckedJson } from "../checked-json.ts";
import { ERRNO_NAMES } from "../errors.ts";
import { parseRules, type RuleChoice } from "../kernel/rules/profile.ts";
import { RULE_SETS } from "../kernel/rules/table.ts";
import { orNull, placesFromJson, shardFromJson, totalFromJson } from "../shards/document.ts";
import { joinParts, timedPart } from "../shards/join.ts";
import { WHOLE } from "../shards/shard.ts";
import type { ModuleResult, Sweep, SweepSubject } from "./result.ts";

/** A shard and its name in messages. */
export interface NamedShard {
  readonly name: string;
  readonly sweep: Sweep;
}

const SPEED = ["seconds", "working", "reading", "relocations", "peakMemory"] as const;

/** Checks that a parsed JSON document is a sweep. @throws Misuse when it isn't. */
export function sweepFromJson(name: string, document: unknown): Sweep {
  const sweep = CheckedJson.of(document, name, "is not what farjal sweep --json prints");
  const results = sweep.key("results").list(resultOf);
  const speed = sweep.key("speed");
  const [seconds = 0, working = 0, reading = 0, relocations = 0, peakMemory = 0] = SPEED.map(
    (key) => speed.key(key).quantity(),
  );
  const times = speed.key("times").list((one) => one.quantity(), results.length);
  return {
    subject: subjectOf(sweep.key("subject")),
    total: totalFromJson(sweep.key("total")),
    shard: shardFromJson(sweep.key("shard")),
    places: placesFromJson(sweep.key("places"), results.length),
    results,
    speed: { seconds, working, reading, relocations, peakMemory, times },
    notes: sweep.key("notes").list((one) => one.text()),
  };
}

function resultOf(one: CheckedJson): ModuleResult {
  const text = (key: string): string => one.key(key).text();
  return {
    path: one.key("path").line(),
    base: text("base"),
    release: orNull(one.key("release"), (value) => value.text()),
    verdict: one.key("verdict").oneOf(["loads", "refused", "failed"]),
    linux: orNull(one.key("linux"), (value) => value.oneOf(["loads", "refused"])),
    errno: orNull(one.key("errno"), (value) => value.oneOf(ERRNO_NAMES)),
    dmesg: one.key("dmesg").list((value) => value.verbatim()),
    explanation: orNull(one.key("explanation"), (value) => value.verbatim()),
    farJumps: one.key("farJumps").count(),
    veneers: one.key("veneers").count(),
    sites: one.key("sites").count(),
    relocations: one.key("relocations").dictionary((value) => value.count()),
  };
}

function subjectOf(subject: CheckedJson): SweepSubject {
  const textOrNull = (key: string) => orNull(subject.key(key), (one) => one.text());
  return {
    farjal: subject.key("farjal").text(),
    tree: subject.key("tree").text(),
    kernel: textOrNull("kernel"),
    symvers: textOrNull("symvers"),
    bases: subject.key("bases").list((one) => one.text()),
    farJumps: subject.key("farJumps").oneOf(["refuse", "trampoline"]),
    mend: subject.key("mend").flag(),
    stubMissing: subject.key("stubMissing").flag(),
    rules: orNull(subject.key("rules"), rulesOf),
    timings: textOrNull("timings"),
  };
}

function rulesOf(choice: CheckedJson): RuleChoice {
  return {
    ...(choice.has("release") ? { release: choice.key("release").text() } : {}),
    ...(choice.has("set") ? { set: choice.key("set").oneOf(RULE_SETS) } : {}),
    ...(choice.has("rules") ? { rules: parseRules(textsOf(choice.key("rules"))) } : {}),
  };
}

function textsOf(rules: CheckedJson): string[] {
  return Object.entries(rules.dictionary((one) => one.text())).map(
    ([id, value]) => `${id}=${value}`,
  );
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
    shards.map(({ name, sweep }) => timedPart(name, sweep, sweep.results, sweep.speed.times)),
    NOUNS,
  );
  const { subject, total, notes } = (shards[0] as NamedShard).sweep;
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
    notes,
  };
}
