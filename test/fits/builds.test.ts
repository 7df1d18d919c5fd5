// Tests the comparison of two builds of a module: each kind of difference is listed, and only those that keep the new
// build from being loaded where the old one is are reasons.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Builds, compareBuilds } from "../../src/fits/builds.ts";
import { readModule } from "../../src/module/file/file.ts";
import { buildsText } from "../../src/report/builds-text.ts";
import {
  code,
  functionSymbol,
  type ModuleSpec,
  modinfo,
  undefinedSymbol,
  VERMAGIC,
  writeModule,
} from "../support/module-writer.ts";

const OLD: ModuleSpec = {
  modinfo: modinfo(
    "dull",
    "alias=pci:old",
    "alias=pci:both",
    "parm=level:how much",
    "srcversion=1",
  ),
  sections: [code([0, 0, 0, 0])],
  symbols: [functionSymbol("give"), functionSymbol("keep"), undefinedSymbol("take")],
  versions: { module_layout: 1, take: 2 },
  exports: [
    { name: "give", crc: 5 },
    { name: "keep", crc: 6 },
  ],
};

const build = (spec: ModuleSpec) => readModule(writeModule(spec));
const compared = (next: ModuleSpec, old: ModuleSpec = OLD): Builds =>
  compareBuilds(build(old), build(next));
const kinds = ({ reasons }: Builds) => reasons.map(({ kind, symbol }) => [kind, symbol]);

suite("two builds of a module", () => {
  test("that are the same have no difference", () => {
    const { fits, differences, reasons } = compared(OLD);
    assert.deepEqual([fits, differences, reasons], [true, 0, []]);
    const text = [...buildsText(compared(OLD), { old: "a.ko", next: "b.ko" }, plain)].join("");
    assert.equal(text, "b.ko fits wherever a.ko does: no difference\n");
  });

  test("may differ in what no kernel looks at", () => {
    const info = modinfo(
      "dull",
      "alias=pci:new",
      "alias=pci:both",
      "parm=level:how much",
      "srcversion=2",
    );
    const next = compared({ ...OLD, modinfo: info, sections: [code([0, 0, 0, 8])] });
    assert.equal(next.fits, true);
    assert.deepEqual(next.aliases, { removed: ["pci:old"], added: ["pci:new"], changed: [] });
    assert.deepEqual(next.modinfo.changed, [{ name: "srcversion", old: "1", new: "2" }]);
    // The code has the same size, and other contents.
    const [text] = next.sections.changed;
    assert.equal(text?.name, ".text");
    assert.match(text?.old ?? "", /^16 bytes, sha256 [0-9a-f]{8}$/);
    const lines = [...buildsText(next, { old: "a.ko", next: "b.ko" }, plain)].join("");
    assert.match(
      lines,
      /^aliases\n {2}- pci:old\n {2}\+ pci:new\nmodinfo\n {2}~ srcversion: 1 -> 2\n/,
    );
  });

  test("don't fit the same kernels if checksums of imports differ, or an import is new", () => {
    const next = compared({
      ...OLD,
      symbols: [...(OLD.symbols ?? []), undefinedSymbol("more")],
      versions: { module_layout: 9, take: 3, more: 4 },
    });
    assert.deepEqual(kinds(next), [
      ["checksum", "module_layout"],
      ["checksum", "take"],
      ["missing-symbol", "more"],
    ]);
    assert.deepEqual(next.imports.added, ["more"]);
  });

  test("don't serve the same modules if exports are gone or changed", () => {
    const gone = compared({ ...OLD, exports: [{ name: "keep", crc: 6 }] });
    assert.deepEqual([kinds(gone), gone.exports.removed], [[["missing-symbol", "give"]], ["give"]]);
    for (const [more, kind] of [
      [{ crc: 7 }, "checksum"],
      [{ gpl: true }, "gpl-only"],
      [{ namespace: "N" }, "namespace"],
    ] as const) {
      const exports = [
        { name: "give", crc: 5, ...more },
        { name: "keep", crc: 6 },
      ];
      assert.deepEqual(kinds(compared({ ...OLD, exports })), [[kind, "give"]]);
    }
  });

  test("differ in how they were built", () => {
    const magic = (text: string): ModuleSpec => ({
      ...OLD,
      modinfo: modinfo("dull").map((line) => line.replace(VERMAGIC, text)),
    });
    assert.deepEqual(kinds(compared(magic(VERMAGIC.replace("SMP ", "")))), [["vermagic", null]]);
    // Both have checksums, so the release alone doesn't count.
    assert.deepEqual(kinds(compared(magic(VERMAGIC.replace("6.1.0-50", "6.1.0-47")))), []);
    assert.deepEqual(kinds(compared({ ...OLD, endian: "big" })).slice(-1), [["rule", null]]);
    const renamed = compared({ ...OLD, name: "other" });
    assert.match(renamed.reasons[0]?.explanation ?? "", /called dull in the old build and other/);
  });
});

const same = (text: string): string => text;
const plain = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };
