// The files that carry counts from run to run as targets: coverage as JSON and as lcov's text, and profiles as JSON. The
// seeds are made from a real module's run. Damage goes to single values, names and lines, so that most of a document
// stays one.

import { readFileSync } from "node:fs";
import { mergeCoverage, mergeSources } from "../../src/coverage/coverage.ts";
import { coverageJson, readCoverageJson } from "../../src/coverage/json.ts";
import { lcovText, readLcov } from "../../src/coverage/lcov.ts";
import { openDebugInfo } from "../../src/dwarf/debug-info.ts";
import { coverageOf, Machine, profileOf, readModule } from "../../src/index.ts";
import { costDifferences, costsOf } from "../../src/profile/differences.ts";
import { readProfileJson } from "../../src/profile/json.ts";
import { EXTREMES } from "../hostile/mutate.ts";
import type { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { damage } from "./bytes.ts";
import { endOf } from "./loading.ts";
import type { Target } from "./target.ts";

/** Numbers as they aren't in such files. */
const ODD = ["-1", "1e999", "0.5", "9007199254740993", "null", '"x"', "[]", "{}", ...EXTREMES];

/** Replaces numbers and names, and repeats or drops lines. */
function varyText(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (random.oneIn(6)) return damage(input, other, random);
  const lines = Buffer.from(input).toString("latin1").split("\n");
  for (let times = random.between(1, 4); times > 0; times--) {
    const at = random.below(lines.length);
    const line = lines[at] ?? "";
    const values = [...line.matchAll(/\d+|"[^"]*"|(?<=[:,])[^,:]+/g)];
    const value = values.length === 0 ? undefined : random.pick(values);
    if (value === undefined || random.oneIn(5)) {
      const repeated = new Array<string>(random.oneIn(8) ? 2000 : random.below(3)).fill(line);
      lines.splice(at, 1, ...repeated);
    } else {
      const [before, after] = [
        line.slice(0, value.index),
        line.slice(value.index + value[0].length),
      ];
      lines[at] = `${before}${random.pick(ODD)}${after}`;
    }
  }
  return Buffer.from(lines.join("\n"), "latin1");
}

/** A run of work.c. */
async function measured() {
  const file = readModule(readFileSync(repositoryFile("test/modules/built/debug-little.ko")));
  const machine = await Machine.create({ endian: "little" });
  machine.insmodFile(file, { base: 0xc0000000 });
  machine.counting = true;
  machine.call("work_text", [7]);
  return { executed: machine.executed, debug: openDebugInfo(file.elf) };
}

const { executed, debug } = await measured();
const coverage = coverageOf(executed, () => debug);
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const ending = (work: () => string): string => {
  try {
    return work();
  } catch (error) {
    return endOf(error);
  }
};

const coverageTarget: Target = {
  name: "coverage",
  seeds: () => [Buffer.from(coverageJson(coverage))],
  vary: varyText,
  run: (bytes) =>
    ending(() => {
      const read = readCoverageJson(latin1(bytes), "fuzz.json");
      const sum = mergeCoverage([read, coverage]);
      readCoverageJson(coverageJson(sum), "sum.json");
      for (const _ of lcovText(sum.sources));
      return "merged";
    }),
};

const lcov: Target = {
  name: "lcov",
  seeds: () => [Buffer.from([...lcovText(coverage.sources)].join(""))],
  vary: varyText,
  run: (bytes) =>
    ending(() => {
      const sum = mergeSources([...readLcov(latin1(bytes), "fuzz.info"), ...coverage.sources]);
      readLcov([...lcovText(sum)].join(""), "sum.info");
      return "merged";
    }),
};

const profile: Target = {
  name: "profile",
  seeds: () => {
    const found = profileOf(executed, "work_text(7)", () => debug);
    const { instructions, functions, lines } = costsOf(found);
    return [Buffer.from(JSON.stringify({ profile: { instructions, functions, lines } }, null, 1))];
  },
  vary: varyText,
  run: (bytes) =>
    ending(() => {
      const costs = readProfileJson(latin1(bytes), "fuzz.json");
      costDifferences(costs, costsOf(profileOf(executed, "work_text(7)", () => debug)));
      return "compared";
    }),
};

export const MEASURED_TARGETS: readonly Target[] = [coverageTarget, lcov, profile];
