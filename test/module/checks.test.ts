// Tests what Linux checks of a module before it relocates it: checksums, version magic, licenses, names; in the
// kernel's order and with its messages.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { R_MIPS_26 } from "../../assembly/shared/relocation-types.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { readModule } from "../../src/module/file/file.ts";
import { loadModule } from "../../src/module/load.ts";
import { LAYOUT, load, MCOUNT, PRINTK, refused, refusedWith } from "../support/load-module.ts";
import { TestHost } from "../support/module-host.ts";
import {
  code,
  functionSymbol,
  type ModuleSpec,
  modinfo,
  undefinedSymbol,
  VERMAGIC,
  writeModule,
} from "../support/module-writer.ts";
import { refusal, refusedAs } from "../support/refusal.ts";

const ORDERS: readonly Endian[] = ["little", "big"];

suite("the kernel's checks before it loads", () => {
  const kernel = { vermagic: VERMAGIC, exports: [LAYOUT, PRINTK, MCOUNT] };
  const uses = { name: "greet", symbols: [undefinedSymbol("_printk")] };
  const good = { module_layout: LAYOUT.crc, _printk: PRINTK.crc };
  const locks = "Disabling lock debugging due to kernel taint";
  const unsigned =
    "greet: module verification failed: signature and/or required key missing - tainting kernel";

  test("a module of the other byte order", () => {
    for (const endian of ORDERS) {
      const other = endian === "little" ? "big" : "little";
      refusedWith({ endian }, { endian: other }, "ENOEXEC", "Invalid ELF header type: 256 != 1");
    }
  });

  test("matching checksums load, unsigned with one line, once", () => {
    const host = new TestHost(kernel);
    assert.deepEqual(load({ ...uses, versions: good }, {}, host).dmesg, [unsigned]);
    assert.deepEqual(
      load({ ...uses, name: "again", versions: good }, { base: 0xc0100000 }, host).dmesg,
      [],
    );
  });

  test("a different struct module", () => {
    refusedWith(
      { ...uses, versions: { ...good, module_layout: 1 } },
      kernel,
      "ENOEXEC",
      "greet: disagrees about version of symbol module_layout",
    );
    refusedWith(
      { ...uses, versions: {} },
      kernel,
      "ENOEXEC",
      "greet: no symbol version for module_layout",
    );
  });

  test("a wrong checksum, or none, for a symbol", () => {
    refusedWith(
      { ...uses, versions: { ...good, _printk: 1 } },
      kernel,
      "EINVAL",
      unsigned,
      "greet: disagrees about version of symbol _printk",
      "greet: Unknown symbol _printk (err -22)",
    );
    refusedWith(
      { ...uses, versions: { module_layout: LAYOUT.crc } },
      kernel,
      "EINVAL",
      unsigned,
      "greet: no symbol version for _printk",
      "greet: Unknown symbol _printk (err -22)",
    );
  });

  test("no checksums at all: loaded by force, reported once", () => {
    assert.deepEqual(load(uses, kernel).dmesg, [
      "greet: module_layout: kernel tainted.",
      locks,
      unsigned,
    ]);
  });

  test("an exporter without a checksum accepts any", () => {
    const exports = [
      { ...LAYOUT, crc: null },
      { ...PRINTK, crc: null },
    ];
    const module = load({ ...uses, versions: {} }, { ...kernel, exports });
    assert.deepEqual(module.dmesg, [unsigned]);
  });

  test("the version magic, without the release when there are checksums", () => {
    const magic = (text: string) => ({
      ...uses,
      modinfo: ["license=GPL", "name=greet", "intree=Y", `vermagic=${text}`],
    });
    const otherRelease = VERMAGIC.replace("-50-", "-49-");
    assert.ok(load({ ...magic(otherRelease), versions: good }, kernel));
    refusedWith(
      magic(otherRelease),
      kernel,
      "ENOEXEC",
      "greet: module_layout: kernel tainted.",
      locks,
      `greet: version magic '${otherRelease}' should be '${VERMAGIC}'`,
    );
    const preempt = VERMAGIC.replace("SMP", "SMP preempt");
    refusedWith(
      { ...magic(preempt), versions: good },
      kernel,
      "ENOEXEC",
      `greet: version magic '${preempt}' should be '${VERMAGIC}'`,
    );
    assert.ok(
      load({ ...magic("anything") }, { exports: [PRINTK] }),
      "an unknown kernel has no magic",
    );
  });

  test("a kernel without modversions compares the release although a module has checksums", () => {
    const plain = VERMAGIC.replace("modversions ", "");
    const otherRelease = plain.replace("-50-", "-49-");
    const words = ["license=GPL", "name=greet", "intree=Y", `vermagic=${otherRelease}`];
    refusedWith(
      { ...uses, versions: good, modinfo: words },
      { vermagic: plain, exports: [PRINTK] },
      "ENOEXEC",
      `greet: version magic '${otherRelease}' should be '${plain}'`,
    );
  });

  test("a name in .modinfo that isn't struct module's is printed by the checks of info->name alone", () => {
    const own = (...more: string[]) => ["license=GPL", "name=gxeet", ...more];
    const outOfTree = "greet: loading out-of-tree module taints kernel.";
    const loaded = load({ ...uses, versions: good, modinfo: own(`vermagic=${VERMAGIC}`) }, kernel);
    assert.equal(loaded.name, "greet");
    assert.deepEqual(loaded.dmesg, [outOfTree, unsigned]);
    refusedWith(
      { ...uses, versions: good, modinfo: own("vermagic=no") },
      kernel,
      "ENOEXEC",
      `gxeet: version magic 'no' should be '${VERMAGIC}'`,
    );
    refusedWith(
      { ...uses, versions: { ...good, _printk: 1 }, modinfo: own(`vermagic=${VERMAGIC}`) },
      kernel,
      "EINVAL",
      outOfTree,
      unsigned,
      "gxeet: disagrees about version of symbol _printk",
      "greet: Unknown symbol _printk (err -22)",
    );
    const forced = load({ ...uses, modinfo: own() }, kernel);
    assert.equal(forced.dmesg[0], "greet: module_layout: kernel tainted.");
  });

  test("no version magic: loaded by force", () => {
    const module = load(
      { ...uses, versions: good, modinfo: ["license=GPL", "name=greet"] },
      kernel,
    );
    assert.deepEqual(module.dmesg, [
      "greet: bad vermagic: kernel tainted.",
      locks,
      "greet: loading out-of-tree module taints kernel.",
      unsigned,
    ]);
  });

  test("vermagic is checked before symbols, symbols before relocation, relocation before duplicate exports", () => {
    const bad: ModuleSpec = {
      name: "m",
      modinfo: ["license=GPL", "name=m", "intree=Y", "vermagic=no"],
      sections: [code([0x0c000000], [{ offset: 0, type: R_MIPS_26, symbol: "_mcount" }])],
      symbols: [undefinedSymbol("_mcount"), undefinedSymbol("nobody"), functionSymbol("_printk")],
      exports: [{ name: "_printk" }],
    };
    const lab = { exports: [PRINTK, MCOUNT] };
    assert.match(refused(bad, { ...lab, vermagic: VERMAGIC }).dmesg.at(-1) ?? "", /version magic/);
    assert.match(refused(bad, lab).dmesg.at(-1) ?? "", /Unknown symbol nobody/);
    const known = { exports: [...lab.exports, { name: "nobody" }] };
    assert.match(refused(bad, known).dmesg.at(-1) ?? "", /relocation overflow/);
    assert.equal(
      refused(bad, { ...known, farJumps: "trampoline" }).dmesg.at(-1),
      "m: exports duplicate symbol _printk (owned by kernel)",
    );
  });

  test("a name that is taken, or an export of another module's", () => {
    const host = new TestHost();
    const spec: ModuleSpec = {
      name: "first",
      sections: [code([0, 0])],
      symbols: [functionSymbol("open")],
      exports: [{ name: "open" }],
    };
    host.keep(load(spec, {}, host));
    const base = { base: 0xc0100000 };
    assert.equal(refusal(() => load(spec, base, host)).errno, "EEXIST");
    refusedAs(
      () => load({ ...spec, name: "second" }, base, host),
      "ENOEXEC",
      "second: exports duplicate symbol open (owned by first)",
    );
  });

  test("licenses: GPL-only symbols are invisible to others, and the taint is reported once", () => {
    const proprietary = [
      ...modinfo("blob").filter((text) => !text.startsWith("license")),
      "license=Secret",
    ];
    const spec = { name: "blob", modinfo: proprietary, symbols: [undefinedSymbol("helper")] };
    const line = "blob: module license 'Secret' taints kernel.";
    assert.deepEqual(load(spec, { exports: [{ name: "helper" }] }).dmesg, [line, locks]);
    refusedWith(
      spec,
      { exports: [{ name: "helper", gpl: true }] },
      "ENOENT",
      line,
      locks,
      "blob: Unknown symbol helper (err -2)",
    );
    const gpl = { name: "free", symbols: [undefinedSymbol("helper")] };
    assert.deepEqual(load(gpl, { exports: [{ name: "helper", gpl: true }] }).dmesg, []);
  });

  test("a proprietary module's symbols taint their users, and GPL-only users can't have them", () => {
    const owner = { name: "blob", proprietary: true };
    const exports = [
      { name: "secret", owner },
      { name: "helper", gpl: true },
    ];
    const module = load({ name: "user", symbols: [undefinedSymbol("secret")] }, { exports });
    assert.equal(module.proprietary, true);
    assert.deepEqual(module.dmesg, [
      "user: module uses symbols secret from proprietary module blob, inheriting taint.",
    ]);
    refusedWith(
      { name: "user", symbols: [undefinedSymbol("helper"), undefinedSymbol("secret")] },
      { exports },
      "ENOENT",
      "user: module using GPL-only symbols uses symbols secret from proprietary module blob.",
      "user: Unknown symbol secret (err -2)",
    );
    refusedWith(
      { name: "user", symbols: [undefinedSymbol("secret"), undefinedSymbol("helper")] },
      { exports },
      "ENOENT",
      "user: module uses symbols secret from proprietary module blob, inheriting taint.",
      "user: Unknown symbol helper (err -2)",
    );
  });

  test("namespaces must be imported", () => {
    const exports = [{ name: "inner", namespace: "BOX" }];
    const spec = { name: "user", symbols: [undefinedSymbol("inner")] };
    refusedWith(
      spec,
      { exports },
      "EINVAL",
      "user: module uses symbol (inner) from namespace BOX, but does not import it.",
      "user: Unknown symbol inner (err -22)",
    );
    assert.ok(load({ ...spec, modinfo: modinfo("user", "import_ns=BOX") }, { exports }));
  });

  test("staging, test and out-of-tree modules say so", () => {
    const module = load({
      name: "odd",
      modinfo: ["name=odd", "license=GPL", "staging=Y", "test=Y"],
    });
    assert.deepEqual(module.dmesg, [
      "odd: loading out-of-tree module taints kernel.",
      "odd: module is from the staging directory, the quality is unknown, you have been warned.",
      "odd: loading test module taints kernel.",
    ]);
  });

  test("a plain object is checked for none of these", () => {
    const bytes = writeModule({
      modinfo: [],
      noThisModule: true,
      sections: [code([0])],
      symbols: [undefinedSymbol("_printk"), undefinedSymbol("inner")],
    });
    const host = new TestHost({
      ...kernel,
      exports: [LAYOUT, { ...PRINTK, gpl: true }, { name: "inner", namespace: "BOX" }],
    });
    const module = loadModule(readModule(bytes, { object: true }), host, { farJumps: "refuse" });
    assert.deepEqual([module.name, module.dmesg, module.initFunction], ["module", [], null]);
  });
});
