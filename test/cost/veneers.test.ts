// Compares one veneer for each far jump, as OpenWrt's loader makes them, with one veneer for all jumps that can share
// it: the same jumps and the same executed code, but a different number of bytes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Machine, readModule } from "../../src/index.ts";
import { builtModule, ORDERS } from "../cli/farjal.ts";
import { ENDIANS, loaded } from "./modules.ts";

for (const endian of ENDIANS) {
  test(`each call site can have a veneer of its own, ${endian}-endian`, async () => {
    const each = await loaded("jal", endian, "each");
    const shared = await loaded("jal", endian);
    const sites = each.machine.callSites(each.module).map(({ site }) => site.address);
    const { plan } = each.module;
    assert.deepEqual(
      plan.trampolines.map((one) => one.sites),
      sites.map((address) => [address]),
    );
    const [only] = shared.module.plan.trampolines;
    assert.deepEqual(only?.sites, sites);
    for (const { words, target } of plan.trampolines) {
      assert.deepEqual([words, target], [only?.words, only?.target]);
    }
    const counts = [each, shared].map(({ machine }) => {
      const tracer = machine.trace({ way: "guest" });
      const { instructions } = machine.call("cost_loop", [20]);
      tracer.stop();
      return instructions;
    });
    assert.equal(counts[0], counts[1]);
  });
}

for (const order of ORDERS) {
  test(`a module with many far jumps gets room for as many veneers, ${order}-endian`, async () => {
    const file = readModule(readFileSync(builtModule("jal2009", order)));
    // Where the block ends at a 256 MiB line, veneers also need room before the first section.
    for (const base of [0xc0000000, 0xcffff000, 0x81000000 - 0x1000]) {
      const machine = await Machine.create({ endian: order });
      const module = machine.insmodFile(file, { base, veneers: "each" });
      const { farJumps, trampolines } = module.plan;
      assert.equal(trampolines.length, farJumps.length);
      assert.equal(new Set(trampolines.map(({ address }) => address)).size, farJumps.length);
      assert.equal(machine.call("work_run", [3]).v0, 0x0b50a6bf);
    }
  });
}
