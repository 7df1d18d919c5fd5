// Tests modules under the rules of OpenWrt's kernels: memory in kseg0, and far jumps by slots of two tables. What the
// loader's patches do was read in them; that the slots are right is seen by running the code.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Machine } from "../../src/lab/machine.ts";
import { openModule } from "../../src/module/file/source.ts";
import { countSlots } from "../../src/module/relocation/slots.ts";
import { builtModule, ORDERS } from "../cli/farjal.ts";

const RULES = { release: "5.15.150", set: "openwrt" } as const;
const BASE = 0xc0000000;
/** lui t9; addiu t9, t9; jr t9; nop, without the halves of the target. */
const SLOT = [0x3c190000, 0x27390000, 0x03200008, 0];
const HALF = [0xffff0000, 0xffff0000, 0xffffffff, 0xffffffff];

suite("OpenWrt's loader", () => {
  for (const order of ORDERS) {
    test(`puts a module into kseg0, where every jump reaches, ${order}-endian`, async () => {
      const machine = await Machine.create({ endian: order, rules: RULES });
      const module = await machine.insmod(builtModule("jal2009", order), { farJumps: "refuse" });
      for (const { base } of module.memories) assert.equal(base >>> 29, 4);
      assert.deepEqual([module.tables, module.plan.trampolines], [[], []]);
      assert.equal(machine.call("work_fibonacci", [10]).v0, 55);
      machine.rmmod(module);
      const again = await machine.insmod(builtModule("jal2009", order), { farJumps: "refuse" });
      assert.deepEqual(again.memories, module.memories);
    });

    test(`gives each far jump of a mapped module a slot of its own, ${order}-endian`, async () => {
      const machine = await Machine.create({ endian: order, rules: RULES });
      const path = builtModule("jal2009", order);
      const module = await machine.insmod(path, { farJumps: "refuse", base: BASE });
      const far = module.plan.farJumps.filter(({ trampoline }) => trampoline !== null);
      const [table] = module.tables;
      assert.equal(module.tables.length, 1);
      assert.deepEqual([table?.side, table?.size], ["vmalloc", 16 * countSlots(module.file.elf)]);
      for (const [index, { address, trampoline, target, symbol, word }] of far.entries()) {
        // The slots are taken in the order of the relocations; each serves one jump.
        assert.equal(trampoline, (table?.base ?? 0) + 16 * index);
        // A call of _mcount is switched off once the module is loaded.
        const jump = symbol === "_mcount" ? word : machine.memory.u32(address);
        assert.equal((jump ?? 0) & 0x03ffffff, ((trampoline ?? 0) >>> 2) & 0x03ffffff);
        const words = [0, 4, 8, 12].map((at) => machine.memory.u32((trampoline ?? 0) + at));
        assert.deepEqual(
          words.map((word, at) => (word & (HALF[at] ?? 0)) >>> 0),
          SLOT,
        );
        const [lui = 0, addiu = 0] = words;
        assert.equal(((lui << 16) + ((addiu << 16) >> 16)) >>> 0, target);
      }
      assert.ok(far.length > 8);
      assert.equal(machine.call("work_fibonacci", [10]).v0, 55);
      // The table goes when the module goes.
      machine.rmmod(module);
      const again = await machine.insmod(path, { farJumps: "refuse", base: BASE });
      assert.deepEqual(again.tables, module.tables);
    });
  }

  test("from 6.18 on loads as mainline does", async () => {
    const machine = await Machine.create({ rules: { release: "6.18.35", set: "openwrt" } });
    const file = await openModule(builtModule("jal2009", "little"));
    assert.throws(() => machine.insmodFile(file, { farJumps: "refuse" }), {
      message: /relocation overflow/,
    });
  });

  test("counts slots by symbol, and in init code all jumps", async () => {
    // readelf -r: 9 calls of _mcount in .rel.text, 1 of _printk in .rel.exit.text, and 2 jumps in .rel.init.text.
    const { elf } = await openModule(builtModule("init_jal", "little"));
    assert.equal(countSlots(elf), 12);
  });
});
