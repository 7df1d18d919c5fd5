// Tests verdicts on the modules of a tree: they use each other's exports, those of another release don't count, a file
// that is no module is named, and the page shows what the document has.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import { judgeTree, Misuse } from "../../src/index.ts";
import { fitsPage } from "../../src/report/fits-page.ts";
import { debian, debianSkip } from "../support/debian.ts";
import {
  code,
  functionSymbol,
  type ModuleSpec,
  modinfo,
  undefinedSymbol,
  writeModule,
} from "../support/module-writer.ts";
import { thorough } from "../support/thorough.ts";

const giver = (name: string, symbol: string): ModuleSpec => ({
  name,
  symbols: [functionSymbol(symbol)],
  sections: [code([0, 0])],
  exports: [{ name: symbol }],
});
const taker = (name: string, ...symbols: readonly string[]): ModuleSpec => ({
  name,
  symbols: symbols.map(undefinedSymbol),
});

suite("a tree of modules", () => {
  let directory = "";
  let tree = "";
  const write = (path: string, spec: ModuleSpec): void => {
    writeFileSync(join(tree, path), writeModule(spec));
  };
  const judged = () => judgeTree(tree, { kernel: join(directory, "Module.symvers"), jobs: 2 });

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "farjal-fits-"));
    tree = join(directory, "tree");
    mkdirSync(join(tree, "deep"), { recursive: true });
    writeFileSync(
      join(directory, "Module.symvers"),
      "0x00000000\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n",
    );
    write("deep/giver.ko", giver("giver", "give"));
    write("taker.ko", taker("taker", "give", "_printk"));
    write("greedy.ko", taker("greedy", "give", "<gone>"));
    writeFileSync(join(tree, "packed.ko.gz"), gzipSync(writeModule(taker("packed", "give"))));
    writeFileSync(join(tree, "text.ko"), "no module");
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  test("is judged in the order of paths, each module with the others' exports", async () => {
    const { fits, modules, kernel } = await judged();
    assert.equal(fits, false);
    assert.equal(kernel.release, "6.1.0-50-4kc-malta");
    assert.deepEqual(
      modules.map(({ file, fits, needs, reasons }) => [
        file,
        fits,
        needs,
        reasons.map(({ kind, symbol }) => [kind, symbol]),
      ]),
      [
        ["deep/giver.ko", true, [], []],
        ["greedy.ko", false, ["giver"], [["missing-symbol", "<gone>"]]],
        ["packed.ko.gz", true, ["giver"], []],
        ["taker.ko", true, ["giver"], []],
        ["text.ko", false, [], [["rule", null]]],
      ],
    );
  });

  test("has a page that shows each module that doesn't fit, and escapes its symbols", async () => {
    const page = fitsPage(await judged());
    assert.match(page, /<h2>3 fit, 2 don&#39;t<\/h2>|<h2>3 fit, 2 don't<\/h2>/);
    assert.match(page, /greedy: Unknown symbol &lt;gone&gt; \(err -2\)/);
    assert.doesNotMatch(page, /<gone>/);
  });

  test("of two releases is refused where the kernel doesn't say which is its own", async () => {
    const info = modinfo("stranger").map((line) => line.replace("6.1.0", "6.2.0"));
    write("stranger.ko", { ...giver("stranger", "other"), modinfo: info });
    try {
      await assert.rejects(
        judged,
        (error) => error instanceof Misuse && /modules are of two releases/.test(error.message),
      );
      const own = join(directory, "own");
      mkdirSync(own);
      writeFileSync(join(own, "giver.ko"), writeModule(giver("giver", "give")));
      const { modules, notes } = await judgeTree(tree, {
        kernel: join(directory, "Module.symvers"),
        modules: own,
        jobs: 1,
      });
      const stranger = modules.find(({ name }) => name === "stranger");
      assert.deepEqual(
        stranger?.reasons.map(({ kind }) => kind),
        ["vermagic"],
      );
      assert.match(notes.join(), /modules of 2 releases: 6\.1\.0-50-4kc-malta \(4\), 6\.2\.0/);
    } finally {
      rmSync(join(tree, "stranger.ko"));
    }
  });
});

const skip = debianSkip || (thorough ? false : "long: only in a thorough run");

test("all of Debian's modules fit Debian's kernel", { skip }, async () => {
  const { fits, modules, notes } = await judgeTree(
    join(debian?.vmlinuz ?? "", `../../lib/modules/${debian?.release}`),
    { kernel: debian?.vmlinuz ?? "" },
  );
  assert.deepEqual(
    modules.filter((one) => !one.fits),
    [],
  );
  assert.deepEqual([fits, modules.length > 3000, notes], [true, true, []]);
});
