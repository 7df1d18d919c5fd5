// Tests `farjal fits`: its verdict, its documents and its errors, on modules of our own and on Debian's.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { debian, debianSkip } from "../support/debian.ts";
import { modinfo, undefinedSymbol, writeModule } from "../support/module-writer.ts";
import { assertMisuse, builtModule, farjal, farjalJson, temporaryDirectory } from "./farjal.ts";

const SYMVERS = [
  "0x2154240b\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t",
  "0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL\t",
  "0x00000007\tgive\tdrivers/giver\tEXPORT_SYMBOL_GPL\tSPACE",
].join("\n");

interface Reason {
  readonly kind: string;
  readonly symbol: string | null;
}

test("fits needs nothing but a Module.symvers, and says what that leaves out", (context) => {
  const directory = temporaryDirectory(context);
  const symvers = join(directory, "Module.symvers");
  writeFileSync(symvers, `${SYMVERS}\n`);
  const taker = join(directory, "taker.ko");
  const more = { versions: { module_layout: 0x2154240b, give: 7 } };
  const symbols = [undefinedSymbol("give")];
  const info = modinfo("taker", "import_ns=SPACE");
  writeFileSync(taker, writeModule({ name: "taker", modinfo: info, symbols, ...more }));
  const { code, json, stderr } = farjalJson(["fits", taker, "--kernel", symvers]);
  assert.equal(code, 0, stderr);
  assert.deepEqual([json.fits, json.reasons, json.modules[0].needs], [true, [], ["giver"]]);
  assert.match(json.notes.join(), /doesn't say its version magic/);
  writeFileSync(taker, writeModule({ name: "taker", symbols, ...more }));
  const other = farjalJson(["fits", taker, "--kernel", symvers]);
  assert.equal(other.code, 1);
  assert.deepEqual(
    other.json.reasons.map(({ kind, symbol }: Reason) => [kind, symbol]),
    [["namespace", "give"]],
  );
  const text = farjal(["fits", taker, "--kernel", symvers]);
  assert.equal(text.code, 1);
  assert.match(
    text.stdout,
    /doesn't fit .*: 1 reason\n {2}namespaces\n {4}taker: module uses symbol/,
  );
  assert.match(text.stdout, /what to do\n {4}add MODULE_IMPORT_NS\(SPACE\)/);
  assert.match(text.stderr, /^note: .*doesn't say its version magic/);
});

test("fits compares two builds of a module where no kernel is named", (context) => {
  const directory = temporaryDirectory(context);
  const [old, next] = ["old.ko", "new.ko"].map((name) => join(directory, name));
  assert.ok(old && next);
  writeFileSync(old, writeModule({ name: "dull", versions: { module_layout: 1 } }));
  writeFileSync(next, writeModule({ name: "dull", versions: { module_layout: 2 } }));
  const { code, json } = farjalJson(["fits", old, next]);
  assert.equal(code, 1);
  assert.deepEqual(
    [json.fits, json.reasons.map(({ kind, symbol }: Reason) => [kind, symbol])],
    [false, [["checksum", "module_layout"]]],
  );
  assert.deepEqual(json.imports.changed, [
    { name: "module_layout", old: "0x00000001", new: "0x00000002" },
  ]);
  const same = farjal(["fits", old, old]);
  assert.deepEqual([same.code, /no difference\n$/.test(same.stdout)], [0, true]);
  assertMisuse(farjal(["fits", old, next, old]), /two builds of one module/);
  assertMisuse(farjal(["fits", old, next, "--symvers", old]), /need a kernel/);
});

test("fits judges against two kernels, and shows what differs", (context) => {
  const directory = temporaryDirectory(context);
  const [one, other] = ["one", "other"].map((name) => join(directory, name));
  assert.ok(one && other);
  writeFileSync(one, `${SYMVERS}\n`);
  writeFileSync(other, `${SYMVERS.replace("0x92997ed8", "0x92997ed9")}\n`);
  const taker = join(directory, "taker.ko");
  const versions = { module_layout: 0x2154240b, _printk: 0x92997ed8 };
  const symbols = [undefinedSymbol("_printk")];
  writeFileSync(taker, writeModule({ name: "taker", symbols, versions }));
  const words = ["fits", taker, "--kernel", one, "--against", other];
  const { code, json } = farjalJson(words);
  assert.deepEqual([code, json.fits, json.against.fits], [1, false, false]);
  assert.deepEqual(
    json.reasons.map(({ kind, symbol }: Reason) => [kind, symbol]),
    [["checksum", "_printk"]],
  );
  assert.match(farjal(words).stdout, /\n {2}_printk {2}checksum: 0x92997ed8, 0x92997ed9\n/);
  assert.equal(farjalJson(["fits", taker, "--against", one]).json.fits, true);
  assertMisuse(farjal([...words, "--html", join(directory, "x")]), /--html shows one kernel/);
});

test("fits takes the version magic of a Module.symvers from the kernel's modules", (context) => {
  const directory = temporaryDirectory(context);
  const symvers = join(directory, "Module.symvers");
  writeFileSync(symvers, `${SYMVERS}\n`);
  const tree = join(directory, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "one.ko"), writeModule({ name: "one" }));
  const other = modinfo("taker").map((line) => line.replace("6.1.0", "6.2.0"));
  const taker = join(directory, "taker.ko");
  writeFileSync(taker, writeModule({ name: "taker", modinfo: other }));
  const words = ["fits", taker, "--kernel", symvers, "--modules", tree];
  const { code, json } = farjalJson(words);
  assert.equal(code, 1);
  assert.deepEqual([json.reasons[0].kind, json.notes], ["vermagic", []]);
  writeFileSync(join(tree, "two.ko"), writeModule({ name: "two", modinfo: other }));
  assertMisuse(farjal(words), /the modules are of two releases/);
});

test("fits names what is missing", (context) => {
  const module = builtModule("leaf", "little");
  const directory = temporaryDirectory(context);
  assertMisuse(farjal(["fits", module]), /--kernel FILE/);
  assertMisuse(farjal(["fits", module, "--kernel", module]), /no kernel is in this file/);
  const symvers = join(directory, "Module.symvers");
  writeFileSync(symvers, `${SYMVERS}\n`);
  assertMisuse(farjal(["fits", "nowhere.ko", "--kernel", symvers]), /nowhere\.ko/);
  assertMisuse(
    farjal(["fits", directory, module, "--kernel", symvers]),
    /modules or one directory/,
  );
  const empty = ["--kernel", symvers, "--modules", directory];
  assertMisuse(farjal(["fits", module, ...empty]), /there are no modules in/);
  const broken = join(directory, "broken.ko");
  writeFileSync(broken, "no module");
  const { code, json } = farjalJson(["fits", broken, module, "--kernel", symvers]);
  assert.equal(code, 1);
  assert.equal(json.reasons, undefined);
  assert.deepEqual(
    json.modules.map(({ fits, name }: { fits: boolean; name: string | null }) => [fits, name]),
    [
      [false, null],
      [false, "leaf"],
    ],
  );
});

test("fits writes one page for a directory", (context) => {
  const directory = temporaryDirectory(context);
  const symvers = join(directory, "Module.symvers");
  writeFileSync(symvers, `${SYMVERS}\n`);
  const tree = join(directory, "tree");
  mkdirSync(tree);
  writeFileSync(
    join(tree, "one.ko"),
    writeModule({ name: "one", symbols: [undefinedSymbol("no")] }),
  );
  writeFileSync(join(tree, "two.ko"), writeModule({ name: "two" }));
  const page = join(directory, "fits.html");
  const words = ["fits", tree, "--kernel", symvers, "--jobs", "1"];
  const { code, stdout } = farjal([...words, "--html", page]);
  assert.deepEqual([code, stdout], [1, `${page}\n`]);
  assert.match(readFileSync(page, "utf8"), /one: Unknown symbol no \(err -2\)/);
  const text = farjal(words).stdout;
  assert.match(
    text,
    /^2 modules for .*: 1 fit, 1 don't\n *missing symbols +1\none\.ko doesn't fit/,
  );
  const { json } = farjalJson(words);
  assert.deepEqual([json.fits, json.reasons], [false, undefined]);
});

suite("fits with Debian's kernel", { skip: debianSkip }, () => {
  test("finds the kernel's modules beside its boot directory", (context) => {
    const copy = join(temporaryDirectory(context), "usbcore.ko");
    copyFileSync(debian?.module("usbcore") ?? "", copy);
    const { code, json } = farjalJson(["fits", copy, "--kernel", debian?.vmlinuz ?? ""]);
    assert.equal(code, 0, JSON.stringify(json.reasons));
    assert.deepEqual(json.modules[0].needs, ["usb_common"]);
    assert.equal(json.kernel.release, debian?.release);
    assert.match(json.kernel.modules, /lib\/modules\/6/);
  });

  test("keeps the kernel in the user's cache, and not with --no-cache", (context) => {
    const cache = temporaryDirectory(context);
    const environment = { XDG_CACHE_HOME: cache };
    const words = ["fits", debian?.module("crc16") ?? "", "--kernel", debian?.vmlinuz ?? ""];
    const plain = farjal([...words, "--no-cache"], { environment });
    assert.deepEqual(readdirSync(cache), []);
    assert.match(plain.stdout, /crc16\.ko fits Linux 6/);
    assert.deepEqual(farjal(words, { environment }), plain);
    const entries = readdirSync(join(cache, "farjal/images"));
    assert.deepEqual([entries.length, entries[0]?.endsWith(".kernel")], [1, true]);
    assert.deepEqual(farjal(words, { environment }), plain);
  });
});
