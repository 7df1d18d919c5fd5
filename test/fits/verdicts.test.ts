// Compares verdicts on our own modules with those of a real Linux 6.1 (test/modules/verdicts.json): a module fits exactly
// if that kernel loaded it, and each line that the kernel printed is one of a reason.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { judge } from "../../src/fits/judge.ts";
import { factsOf } from "../../src/fits/module-facts.ts";
import { Target } from "../../src/fits/target.ts";
import { type ModuleFile, readModule } from "../../src/module/file/file.ts";
import { repositoryFile } from "../support/repository.ts";
import { debianLike } from "./kernels.ts";

interface Recorded {
  readonly errno: string | null;
  readonly dmesg: readonly string[];
}

const NEEDS: Readonly<Record<string, string>> = { imports: "init", imports_undeclared: "init" };

function built(name: string): ModuleFile {
  const folder = name.startsWith("demo") ? "src/lab-kernel/built" : "test/modules/built";
  return readModule(readFileSync(repositoryFile(`${folder}/${name}-little.ko`)));
}

const verdicts = JSON.parse(
  readFileSync(repositoryFile("test/modules/verdicts.json"), "utf8"),
) as Record<string, Recorded>;

for (const [name, recorded] of Object.entries(verdicts)) {
  test(`${name}: ${recorded.errno ?? "fits"}, as on a real Linux 6.1`, () => {
    const file = built(name);
    const need = NEEDS[name] === undefined ? null : factsOf(built(NEEDS[name]));
    const others = need === null ? [] : [need];
    const theirs = new Set(others.flatMap(({ exports }) => exports.map((one) => one.name)));
    const kernel = debianLike(file, (symbol) => !theirs.has(symbol));
    const target = new Target({ name: "vmlinuz", kernel, own: [], others });
    const { fits, reasons } = judge(file, target, { base: 0xc0000000, path: name });
    assert.equal(fits, recorded.errno === null, JSON.stringify(reasons, null, 1));
    if (recorded.errno === null) return;
    const lines = new Set(reasons.flatMap(({ dmesg }) => dmesg));
    for (const line of recorded.dmesg) assert.ok(lines.has(line), line);
  });
}
