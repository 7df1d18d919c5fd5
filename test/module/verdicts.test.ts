// Compares the loader's messages for our own modules with those of a real Linux 6.1 (test/modules/verdicts.json),
// with that kernel's checksums. The recorded lines leave out taints, so they are left out here too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Errno, Refusal } from "../../src/errors.ts";
import { readModule } from "../../src/module/file/file.ts";
import { loadModule } from "../../src/module/load.ts";
import { TestHost } from "../support/module-host.ts";
import { VERMAGIC } from "../support/module-writer.ts";
import { repositoryFile } from "../support/repository.ts";

interface Verdict {
  readonly errno: Errno | null;
  readonly dmesg: readonly string[];
}

const CHECKSUMS = { module_layout: 0x2154240b, _printk: 0x92997ed8, _mcount: 0x9514151a };
const NEEDS: Readonly<Record<string, string>> = { imports: "init", imports_undeclared: "init" };

function built(name: string): Buffer {
  const folder = name.startsWith("demo") ? "src/lab-kernel/built" : "test/modules/built";
  return readFileSync(repositoryFile(`${folder}/${name}-little.ko`));
}

const verdicts = JSON.parse(
  readFileSync(repositoryFile("test/modules/verdicts.json"), "utf8"),
) as Record<string, Verdict>;

for (const [name, verdict] of Object.entries(verdicts)) {
  test(`${name}: ${verdict.errno ?? "loads"}, as on a real Linux 6.1`, () => {
    let own = new Set<string>();
    const host = new TestHost({
      vermagic: VERMAGIC,
      everything: (symbol) => (own.has(symbol) ? undefined : 0x801156a0),
      exports: Object.entries(CHECKSUMS).map(([symbol, crc]) => ({ name: symbol, crc })),
    });
    const load = (module: string) => {
      const file = readModule(built(module));
      own = new Set(file.exports.map((symbol) => symbol.name));
      return host.keep(loadModule(file, host, { farJumps: "refuse" }));
    };
    const need = NEEDS[name];
    if (need !== undefined) load(need);
    let errno: Errno | null = null;
    let dmesg: readonly string[] = [];
    try {
      load(name);
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error));
      ({ errno, dmesg } = error);
    }
    assert.equal(errno, verdict.errno);
    const lines = dmesg.filter((line) => !/taint/.test(line));
    if (errno !== null) assert.deepEqual(lines, verdict.dmesg);
  });
}
