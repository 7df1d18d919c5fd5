// Tests Debian's own kernel for Malta: its exports, compared with its Module.symvers, and a few addresses seen when
// it runs under QEMU.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { readKernel } from "../../src/kernel/read.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { processorTime } from "../support/processor-time.ts";

suite("Debian's vmlinuz", { skip: debianSkip }, () => {
  let kernel: Kernel;

  test("is read in a few seconds", async () => {
    const took = await processorTime(async () => {
      kernel = await readKernel(debian?.vmlinuz ?? "");
    });
    assert.ok(took < 30_000, `${took} ms`);
    assert.equal(kernel.source, "vmlinuz");
    assert.equal(kernel.endian, "little");
    assert.equal(kernel.release, debian?.release);
    assert.equal(kernel.vermagic, `${debian?.release} SMP mod_unload modversions MIPS32_R2 32BIT `);
    assert.equal(kernel.image?.address, 0x80100000);
    assert.equal(kernel.hasData, false);
  });

  test("has the symbols of its text", () => {
    assert.ok(kernel.symbols.length > 30_000);
    assert.equal(kernel.symbol("_stext")?.address, 0x80100400);
    const mcount = kernel.symbol("_mcount");
    assert.ok(mcount);
    // _mcount and ftrace_caller have the same address, for which kallsyms gives the first.
    assert.equal(kernel.symbol("ftrace_caller")?.address, mcount.address);
    assert.equal(kernel.symbolAt(mcount.address + 0x10)?.offset, 0x10);
    assert.equal(kernel.symbol("jiffies"), undefined);
  });

  test("exports what Module.symvers says, with the same CRCs, licences and namespaces", async () => {
    const symvers = await readKernel(debian?.moduleSymvers ?? "");
    const facts = (from: Kernel) =>
      [...from.exports.values()]
        .map(({ name, crc, gplOnly, namespace }) => ({ name, crc, gplOnly, namespace }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.ok(symvers.exports.size > 9000);
    assert.deepEqual(facts(kernel), facts(symvers));
  });

  test("exports data too, which kallsyms leaves out", () => {
    const image = kernel.image;
    const jiffies = kernel.exports.get("jiffies")?.address ?? 0;
    assert.ok(image !== null && jiffies > image.address && jiffies % 4 === 0);
  });

  test("exports functions where kallsyms has them", () => {
    for (const { name, address } of kernel.exports.values()) {
      const symbol = kernel.symbol(name);
      if (symbol !== undefined) assert.equal(address, symbol.address, name);
    }
  });

  test("has the words of live kernels at 6.1.0-50's _mcount", {
    skip: debian?.release !== "6.1.0-50-4kc-malta" && "another version",
  }, () => {
    assert.equal(kernel.symbols.length, 35_428);
    assert.equal(kernel.exports.size, 9062);
    assert.equal(kernel.addressOf("_mcount"), 0x801156a0);
    assert.equal(kernel.addressOf("ftrace_call"), 0x801156f4);
    assert.equal(kernel.addressOf("ftrace_stub"), 0x80115720);
  });

  test("and its System.map is a placeholder", async () => {
    await assert.rejects(readKernel(debian?.systemMap ?? ""), /placeholder/);
  });
});
