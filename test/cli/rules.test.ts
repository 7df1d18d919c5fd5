// Tests what the command line says about the kernel's rules: one sentence for a release that is too new, for options
// that contradict the kernel or each other, for a kernel without a version magic, for a tree of two releases, and for
// damage that the kernel itself would not find.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Words } from "../../src/bytes/words.ts";
import { SHF_ALLOC, SHF_WRITE } from "../../src/elf/numbers.ts";
import { readElf } from "../../src/elf/reader.ts";
import { RELEASE as BANNER, VERMAGIC as MAGIC, makeKernel } from "../kernel/synthetic.ts";
import { writeModule } from "../support/module-writer.ts";
import { assertMisuse, builtModule, farjal, farjalJson, temporaryDirectory } from "./farjal.ts";

const MODULE = builtModule("modern", "little");

/** The notes of a command that succeeds. */
function notesOf(words: readonly string[], code = 0): string[] {
  const outcome = farjal(words);
  assert.equal(outcome.code, code, outcome.stderr);
  return outcome.stderr.split("\n").filter((line) => line !== "");
}

suite("the kernel's rules", () => {
  test("a release that nobody knows has the newest rules", () => {
    const note =
      "note: 7.9 is newer than every kernel whose rules farjal knows: it uses those of 7.3";
    assert.ok(notesOf(["load", MODULE, "--kernel-release", "7.9"]).includes(note));
    const [newest, unknown] = ["7.3", "7.9"].map(
      (release) => farjalJson(["load", MODULE, "--kernel-release", release]).json.rules.rules,
    );
    assert.deepEqual(unknown, newest);
  });

  test("a release other than the banner's counts, and so does a set other than the release's", (context) => {
    const kernel = join(temporaryDirectory(context), "vmlinux");
    writeFileSync(kernel, makeKernel().bytes);
    const asked = ["load", MODULE, "--kernel", kernel, "--stub-missing", "--no-cache"];
    const banner = `note: the kernel's banner says ${BANNER}, and --kernel-release asks for the rules of 6.6, which count`;
    assert.ok(notesOf([...asked, "--kernel-release", "6.6"], 1).includes(banner));
    assert.ok(!notesOf([...asked, "--kernel-release", BANNER], 1).includes(banner));
    const debian = ["load", MODULE, "--kernel-release", "6.12.95+deb12-5kc-malta"];
    const set =
      "note: 6.12.95+deb12-5kc-malta is a kernel of Debian's, and --rules asks for openwrt's rules, which count";
    assert.ok(notesOf([...debian, "--rules", "openwrt"]).includes(set));
    assert.ok(!notesOf([...debian, "--rules", "debian"]).includes(set));
  });

  test("options that can't be meant are misuse", () => {
    for (const [words, says] of [
      [["--kernel-release", "six"], /^error: six is no kernel's release/],
      [["--rule", "V20=refuse", "--rule", "V20=accept"], /rule V20 can't be both/],
      [["--kernel-release", "6.12", "--place", "core=c0000000"], /gives a module no core memory/],
      [["--kernel-release", "6.1", "--place", "text=c0000000"], /gives a module no text memory/],
      [["--kernel-release", "6.12", "--init-base", "c1000000"], /gives a module no init memory/],
      [["--base", "c0000000", "--place", "core=c1000000"], /the core block has two addresses/],
    ] as const) {
      assertMisuse(farjal(["load", MODULE, ...words]), says);
    }
  });

  test("a kernel that doesn't say its version magic", (context) => {
    const symvers = join(temporaryDirectory(context), "Module.symvers");
    const lines = ["_printk", "_mcount", "__kmalloc", "kfree"].map(
      (name) => `0x00000000\t${name}\tvmlinux\tEXPORT_SYMBOL\t\n`,
    );
    writeFileSync(symvers, lines.join(""));
    const note = /^note: .*Module\.symvers doesn't say its version magic, so that isn't compared/;
    const load = notesOf(["load", MODULE, "--kernel", symvers, "--stub-missing"]);
    assert.equal(load.filter((line) => note.test(line)).length, 1, load.join("\n"));
    const fits = farjal(["fits", MODULE, "--kernel", symvers]).stderr.split("\n");
    assert.equal(fits.filter((line) => note.test(line)).length, 1);
  });

  test("a tree of two releases", (context) => {
    const tree = temporaryDirectory(context);
    copyFileSync(MODULE, join(tree, "modern.ko"));
    const modinfo = [
      "license=GPL",
      "name=other",
      "vermagic=6.6.57 SMP mod_unload MIPS32_R2 32BIT ",
    ];
    writeFileSync(join(tree, "other.ko"), writeModule({ name: "other", modinfo }));
    const note = "note: the tree has modules of 2 releases: 6.1.0-50-4kc-malta (1), 6.6.57 (1)";
    assert.deepEqual(notesOf(["sweep", tree]), [note]);
    const { json } = farjalJson(["sweep", tree]);
    assert.deepEqual(json.summary.releases, { "6.1.0-50-4kc-malta": 1, "6.6.57": 1 });
    const symvers = join(temporaryDirectory(context), "Module.symvers");
    writeFileSync(symvers, "0x00000000\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n");
    assertMisuse(
      farjal(["fits", tree, "--kernel", symvers]),
      /^error: the modules are of two releases, 6\.1\.0-50-4kc-malta and 6\.6\.57, and .* doesn't say which is its own/,
    );
  });

  test("a module with another struct module than most of the tree's is refused where the size counts", (context) => {
    const tree = temporaryDirectory(context);
    const kernel = join(temporaryDirectory(context), "vmlinux");
    writeFileSync(kernel, makeKernel().bytes);
    const modinfo = (name: string) => [
      "license=GPL",
      "intree=Y",
      `name=${name}`,
      `vermagic=${MAGIC}`,
    ];
    const shape = { name: ".gnu.linkonce.this_module", flags: SHF_ALLOC | SHF_WRITE };
    const odd = { ...shape, alignment: 64, bytes: new Uint8Array(0x200) };
    const modules = {
      a: writeModule({ name: "a", modinfo: modinfo("a"), noThisModule: true, sections: [odd] }),
      b: writeModule({ name: "b", modinfo: modinfo("b") }),
      c: writeModule({ name: "c", modinfo: modinfo("c") }),
    };
    for (const [name, bytes] of Object.entries(modules)) {
      writeFileSync(join(tree, `${name}.ko`), bytes);
    }
    const verdicts = (rule: string) =>
      farjalJson([
        "sweep",
        tree,
        "--kernel",
        kernel,
        "--no-cache",
        "--rule",
        rule,
      ]).json.results.map(({ linux }: { linux: string }) => linux);
    assert.deepEqual(verdicts("V15=ignore"), ["loads", "loads", "loads"]);
    assert.deepEqual(verdicts("V15=refuse"), ["refused", "loads", "loads"]);
  });

  test("damage that Linux would not check", (context) => {
    const bytes = readFileSync(MODULE);
    const elf = readElf(bytes, { relocatable: true });
    const section = (name: string) =>
      elf.sections.find((one) => one.name === name) ?? assert.fail(name);
    const text = section(".rel.text").offset;
    const headers = new Words(bytes, "little").u32(32);
    const damages: Readonly<Record<string, (words: Words) => void>> = {
      "r_offset past its section": (words) => words.setU32(text, 0x100000),
      "r_sym past the symbols": (words) => words.setU32(text + 4, 0xfffff << 8),
      "sh_name past the names": (words) =>
        words.setU32(headers + 40 * section(".strtab").index, 0x100000),
    };
    for (const [what, damage] of Object.entries(damages)) {
      const path = join(temporaryDirectory(context), "modern.ko");
      const words = new Words(Uint8Array.from(bytes), "little");
      damage(words);
      writeFileSync(path, words.bytes);
      for (const release of ["6.1.192", "6.12.95"]) {
        const { code, stdout } = farjal(["load", path, "--kernel-release", release]);
        assert.equal(code, 1, what);
        assert.match(stdout, /; Linux would not check this$/m, what);
      }
    }
  });
});
