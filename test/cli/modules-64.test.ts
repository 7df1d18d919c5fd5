// Tests 64-bit modules through the command: info, plan, load and explain, in text and as a document, and the commands
// that would need a 64-bit processor.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { repositoryFile } from "../support/repository.ts";
import { assertMisuse, farjal, farjalJson, ORDERS, temporaryDirectory } from "./farjal.ts";

const STUBS = "--stub-missing";

for (const order of ORDERS) {
  const built = (name: string) => repositoryFile(`test/modules/built64/${name}-${order}.ko`);

  suite(`64-bit modules, ${order}-endian`, () => {
    test("info prints the class, the exports and the relocations", () => {
      const { code, json } = farjalJson(["info", built("init")]);
      assert.equal(code, 0);
      assert.deepEqual([json.class, json.endian, json.abi], [64, order, "n64"]);
      assert.deepEqual(
        json.exports.map(({ name }: { name: string }) => name),
        ["init_count", "init_counter", "init_lookup", "init_keys"],
      );
      const { stdout } = farjal(["info", built("init")]);
      assert.match(stdout, /ELF64/);
      assert.match(stdout, /init_lookup/);
    });

    test("plan mends far jumps, and states Linux's verdict too", () => {
      const { code, json } = farjalJson(["plan", built("jal"), STUBS]);
      assert.deepEqual([code, json.verdict], [0, "loads"]);
      assert.deepEqual([json.farJumps.length, json.trampolines.length], [14, 5]);
      const [first] = json.trampolines;
      assert.match(first.address, /^0xffffffffc000[0-9a-f]{4}$/);
      assert.match(first.target, /^0xffffffff8f[0-9a-f]{6}$/);
      assert.equal(first.words.length, 4);
      const text = farjal(["plan", built("jal"), STUBS]).stdout;
      assert.match(text, /^5 trampolines$/m);
      assert.match(text, /^ {4}ffffffffc000[0-9a-f]{4} {2}3c198f00 {2}lui t9,0x8f00$/m);
      assert.match(text, /^jal loads with 5 trampolines$/m);
      const refused = farjalJson(["plan", built("jal"), STUBS, "--far-jumps", "refuse"]);
      assert.deepEqual([refused.code, refused.json.errno], [1, "ENOEXEC"]);
      assert.equal(refused.json.dmesg.at(-1), "module jal: relocation overflow");
    });

    test("load places it at the given address; eight digits of an address mean sixteen", (context) => {
      const file = join(temporaryDirectory(context), "core");
      for (const [base, address] of [
        ["c1230000", "0xffffffffc1230000"],
        ["c000000001230000", "0xc000000001230000"],
      ] as const) {
        const words = ["load", built("full"), STUBS, "--base", base];
        const { code, json } = farjalJson([...words, "-o", file]);
        assert.deepEqual([code, json.core.base, json.sections[".text"]], [0, address, address]);
        assert.equal(readFileSync(file).length, json.core.size);
        assert.match(farjal(words).stdout, new RegExp(`^ {2}${address} {2}core {2}\\.text `, "m"));
      }
    });

    test("explain prints everything, as text, as a document and as a page", (context) => {
      const page = join(temporaryDirectory(context), "page.html");
      const { code, json } = farjalJson(["explain", built("init_jal"), STUBS]);
      assert.deepEqual([code, json.verdict, json.file.class], [0, "loads", 64]);
      assert.equal(json.sections[0].address, "0xffffffffc0000000");
      assert.deepEqual(
        json.imports.map(({ from }: { from: string }) => from),
        json.imports.map(() => "stub"),
      );
      const [site] = json.callSites;
      assert.equal(site.form, "short call, 3 words, with the ra address");
      assert.equal(BigInt(site.address) - BigInt(site.start), 4n);
      assert.deepEqual(site.after, ["0x03e00825", "0x00000000", "0x00006025"]);
      assert.equal(json.staticKeys.length, 7);
      assert.deepEqual(json.pairs.findings, []);
      const { stdout } = farjal(["explain", built("full"), STUBS]);
      assert.match(stdout, /10 sites: long call, 9 words, with the ra address/);
      assert.match(stdout, /ffffffffc0000000 {2}3c03[0-9a-f]{4} {2}lui v1,0x/);
      assert.match(stdout, / {2}0003183c {2}dsll32 v1,v1,0x0$/m);
      const html = farjal(["explain", built("jal"), STUBS, "--html", page]);
      assert.equal(html.code, 0, html.stderr);
      const text = readFileSync(page, "utf8");
      assert.match(text, /<svg class="map"/);
      assert.match(text, />0xffffffffc0000000</);
      assert.doesNotMatch(text, /="(NaN|undefined)|>(NaN|undefined)/);
    });

    test("explain of a refused module goes up to the refusal", () => {
      const { code, json } = farjalJson(["explain", built("jal"), STUBS, "--far-jumps", "refuse"]);
      assert.deepEqual([code, json.verdict, json.stage], [1, "refused", "placed"]);
      assert.equal(json.farJumps.length, 14);
      const [site] = json.callSites;
      assert.equal(site.form, "short call, 3 words, with the ra address");
      assert.deepEqual([site.start, site.after], ["0x0000000000000000", null]);
      const without = farjalJson(["explain", built("modern")]);
      assert.deepEqual([without.json.stage, without.json.errno], ["checked", "ENOENT"]);
      assert.match(without.json.explanation, /brings no 64-bit kernel along/);
    });

    test("a kernel of the other class, and a 64-bit address for a 32-bit module, are refused", (context) => {
      const map = join(temporaryDirectory(context), "System.map");
      writeFileSync(map, "80100000 T _text\n80100400 T _mcount\n");
      const narrow = ["load", built("modern"), "--kernel", map];
      assertMisuse(farjal(narrow), /this is a 32-bit kernel, and the module needs a 64-bit one/);
      const module = repositoryFile(`test/modules/built/leaf-${order}.ko`);
      const wide = ["load", module, "--kernel", map];
      // A kernel with only sign-extended addresses may be a 32-bit one: nm prints ELF32 symbols that way.
      const signExtended = "ffffffff80100000 T _text\nffffffff80100400 T _mcount\n";
      writeFileSync(map, signExtended);
      assert.equal(farjal(wide).code, 0);
      for (const proof of ["ffffffff80117940 T handle_sys64", "a800000080100000 T in_xkphys"]) {
        writeFileSync(map, `${signExtended}${proof}\n`);
        assertMisuse(farjal(wide), /this is a 64-bit kernel, and the module needs a 32-bit one/);
      }
      const high = ["load", module, "--base", "ffffffffc0000000"];
      assertMisuse(farjal(high), /0xffffffffc0000000 is an address of 64 bits/);
    });

    test("a command that needs a processor is a wrong call", () => {
      for (const words of [
        ["run", built("modern"), "--call", "work_run", "1"],
        ["trace", built("modern"), "--call", "work_run", "1"],
        ["load", built("modern"), STUBS, "--init"],
      ]) {
        assertMisuse(farjal(words), /no 64-bit processor/);
      }
    });
  });
}
