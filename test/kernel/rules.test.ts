// The kernel's rules: which a release has, what chooses the release, and what the error for a wrong choice says. The expected values
// are those of the releases' sources, read file by file.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import { parseRules, profileFor } from "../../src/kernel/rules/profile.ts";
import { compareReleases, parseRelease } from "../../src/kernel/rules/release.ts";
import {
  RULE_IDS,
  RULE_SETS,
  RULES,
  type Rule,
  type RuleId,
  type RuleSet,
} from "../../src/kernel/rules/table.ts";
import { repositoryFile } from "../support/repository.ts";

const as = (release: string) => profileFor({ release }, null, null).rules;

suite("the kernel's rules", () => {
  test("releases compare by their numbers; without a sublevel, and in Debian's older form, the newest is meant", () => {
    const ascending = ["5.10.7", "5.10", "5.15.100", "6.1.176", "6.1.0-50-4kc-malta", "6.6.57"];
    ascending.push("6.12.95+deb12-5kc-malta", "6.12.117", "6.18.35", "7.3.4");
    const releases = ascending.map((text) => parseRelease(text) ?? assert.fail(text));
    for (const [index, release] of releases.entries()) {
      for (const [other, than] of releases.entries()) {
        assert.equal(Math.sign(compareReleases(release, than)), Math.sign(index - other));
      }
    }
    for (const text of ["", "linux", "6", "6.", "v6.1", "6.1.2.3", "99999.1", "-6.1"]) {
      assert.equal(parseRelease(text), null, text);
    }
  });

  test("every row has words for each value, a place in the source, and only values that it has", () => {
    for (const id of RULE_IDS) {
      const { what, values, since, sets = {}, source, texts = [] }: Rule = RULES[id];
      assert.ok(what !== "" && Object.values(values).every((words) => words !== ""), id);
      assert.match(source, /^(kernel|arch|include|lib|target)\//, id);
      for (const [release, value] of [since, ...Object.values(sets)].flat()) {
        assert.ok(parseRelease(release) !== null && value in values, `${id} ${release} ${value}`);
      }
      for (const defaults of [since, ...Object.values(sets)])
        assert.equal(defaults[0]?.[0], "5.10", id);
      for (const [, value] of texts) assert.ok(value in values, `${id} ${value}`);
    }
  });

  test("the release is the user's, else the kernel's, else the module's", () => {
    const kernel = { release: "6.6.57", image: null };
    const vermagic = "6.1.0-50-4kc-malta SMP mod_unload modversions MIPS32_R1 32BIT ";
    const chosen = (...given: Parameters<typeof profileFor>) => {
      const { release, from, set } = profileFor(...given);
      return [release, from, set];
    };
    const asked = { release: "6.12.95+deb12-5kc-malta" };
    assert.deepEqual(chosen(asked, kernel, vermagic), [
      asked.release,
      "--kernel-release",
      "debian",
    ]);
    assert.deepEqual(chosen({}, kernel, vermagic), ["6.6.57", "banner", "mainline"]);
    assert.deepEqual(chosen({}, null, vermagic), ["6.1.0-50-4kc-malta", "vermagic", "debian"]);
    assert.deepEqual(chosen({}, null, "custom SMP "), ["6.1", "default", "debian"]);
    assert.deepEqual(chosen({ set: "openwrt" }, kernel, null), ["6.6.57", "banner", "openwrt"]);
  });

  test("README.md has every rule's default in each release", () => {
    const releases = ["5.10", "5.15", "6.1", "6.6", "6.12.95", "6.12.117", "6.18", "7.3"];
    const defaults = (set: RuleSet) => (id: RuleId) =>
      releases.map((release) => profileFor({ release, set }, null, null).rules[id]);
    const rows = RULE_IDS.map((id) => {
      const [mainline, debian, openwrt] = RULE_SETS.map((set) => defaults(set)(id));
      const cells = (mainline ?? []).map((value, index) => {
        const other = [
          ...(debian?.[index] === value ? [] : [`Debian ${debian?.[index]}`]),
          ...(openwrt?.[index] === value ? [] : [`OpenWrt ${openwrt?.[index]}`]),
        ];
        return [value, ...other].join(", ");
      });
      // "=" is the value of the release before.
      const shown = cells.map((cell, index) =>
        index > 0 && cell === cells[index - 1] ? "=" : cell,
      );
      return `| ${id} ${RULES[id].what} | ${shown.join(" | ")} |`;
    });
    const table = [
      `| rule | ${releases.join(" | ")} |`,
      `|---|${"---|".repeat(releases.length)}`,
      ...rows,
    ];
    const page = readFileSync(repositoryFile("README.md"), "utf8");
    assert.ok(page.includes(`\n${table.join("\n")}\n`), table.join("\n"));
  });

  test("single rules win, and the profile names them", () => {
    const profile = profileFor({ release: "6.6", rules: { V20: "refuse" } }, null, null);
    assert.equal(profile.rules.V20, "refuse");
    assert.deepEqual(profile.changed, [{ id: "V20", from: "--rule" }]);
    assert.deepEqual(
      profileFor({ release: "6.6", rules: { V20: "accept" } }, null, null).changed,
      [],
    );
  });

  test("a release that is too new or too old has the nearest known rules, and a sentence", () => {
    for (const [release, same, words] of [
      [
        "7.9",
        "7.3",
        "7.9 is newer than every kernel whose rules farjal knows: it uses those of 7.3",
      ],
      [
        "4.9.3",
        "5.10",
        "4.9.3 is older than every kernel whose rules farjal knows: it uses those of 5.10",
      ],
    ] as const) {
      const profile = profileFor({ release }, null, null);
      assert.deepEqual(profile.notes, [words]);
      assert.deepEqual(profile.rules, as(same));
    }
    for (const known of ["7.3.4", "7.3", "5.10.1", "6.19"]) {
      assert.deepEqual(profileFor({ release: known }, null, null).notes, []);
    }
  });

  test("wrong choices are told in one sentence", () => {
    const told = (rule: string | readonly string[]) => {
      try {
        parseRules([rule].flat());
      } catch (error) {
        assert.ok(error instanceof Misuse);
        return error.message;
      }
      return assert.fail("it was taken");
    };
    assert.match(told("X1=a"), /^there is no rule X1: the rules are .*V20/);
    assert.match(told("=a"), /^there is no rule =a/);
    assert.match(told("toString=a"), /^there is no rule toString/);
    const values =
      "rule V20 (an import without a record in __versions) is refuse or accept, as in V20=refuse";
    for (const text of ["V20", "V20=", "V20=maybe", "V20=toString"])
      assert.equal(told(text), values);
    assert.equal(told(["V20=refuse", "V20=accept"]), "rule V20 can't be both refuse and accept");
    assert.throws(() => profileFor({ release: "six" }, null, null), {
      message: "six is no kernel's release: that is two or three numbers, as in 6.12.95",
    });
  });

  test("Debian's kernels refuse an import without a version record, mainline's accept it", () => {
    for (const release of [
      "5.10.0-28-4kc-malta",
      "6.1.0-50-4kc-malta",
      "6.12.95+deb12-5kc-malta",
    ]) {
      assert.equal(as(release).V20, "refuse", release);
    }
    for (const release of ["5.15.100", "6.6.57", "6.12.117", "6.18.35"]) {
      assert.equal(as(release).V20, "accept", release);
    }
  });
});
