// Tests patchable entries as call sites: the words that form them, the same events as from any other site, native and
// by guest code and with both tracers, and what is refused.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  adoptEntries,
  designOf,
  type Machine,
  Misuse,
  readEntries,
  type TraceEvent,
  type TraceOptions,
} from "../../src/index.ts";
import { disassemble } from "../../src/isa/disassemble.ts";
import { ENDIANS, type Loaded, loaded, loadedAsIs } from "./modules.ts";

const WORD = 4;

function listing({ machine }: Loaded, address: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const at = address + WORD * index;
    return disassemble(machine.memory.u32(at), at).replace("\t", " ");
  });
}

/** What a tracer records of a call, without what differs between designs: times and addresses. */
function eventsOf(machine: Machine, options: TraceOptions): string[] {
  const tracer = machine.trace(options);
  machine.call("cost_loop", [3]);
  tracer.stop();
  const text = (event: TraceEvent): string =>
    event.type === "function"
      ? `${event.name} <- ${event.parentName}`
      : `${event.type} ${event.name} ${event.depth}`;
  return [...tracer.events()].map(text);
}

suite("patchable entries", () => {
  for (const endian of ENDIANS) {
    test(`three nops become a call through the module's veneer, ${endian}-endian`, async () => {
      const both = await loaded("nops3", endian);
      const { machine, module } = both;
      const leaf = machine.addressOf("cost_leaf") ?? 0;
      assert.deepEqual(listing(both, leaf, 3), ["move at,ra", "nop", "nop"]);
      const room = module.sections.find(({ name }) => name === ".text.ftrace_trampoline");
      const veneer = room?.address ?? 0;
      const target = (machine.addressOf("_mcount") ?? 0) + 8;
      assert.deepEqual(listing(both, veneer, 4), [
        `lui t9,0x${(target >>> 16).toString(16)}`,
        `addiu t9,t9,${target & 0xffff}`,
        "jr t9",
        "move t4,zero",
      ]);
      const tracer = machine.trace({ way: "guest" });
      const jal = `jal 0x${veneer.toString(16)}`;
      assert.deepEqual(listing(both, leaf, 3), ["move at,ra", jal, "nop"]);
      tracer.stop();
      assert.deepEqual(listing(both, leaf, 3), ["move at,ra", "nop", "nop"]);
    });

    test(`four nops become a call that reaches everywhere, ${endian}-endian`, async () => {
      const both = await loaded("nops4", endian);
      const { machine } = both;
      const leaf = machine.addressOf("cost_leaf") ?? 0;
      const over = `b 0x${(leaf + 16).toString(16)}`;
      assert.deepEqual(listing(both, leaf, 4), [over, "nop", "jalr at,v1", "nop"]);
      const tracer = machine.trace({ way: "guest" });
      const target = machine.addressOf("ftrace_entry_caller") ?? 0;
      assert.deepEqual(listing(both, leaf, 4), [
        `lui v1,0x${((target + 0x8000) >>> 16).toString(16)}`,
        `addiu v1,v1,${(target << 16) >> 16}`,
        "jalr at,v1",
        "nop",
      ]);
      tracer.stop();
    });

    test(`give the events that gcc's sites give, ${endian}-endian`, async () => {
      const { machine: usual } = await loaded("long-ra", endian);
      for (const design of ["nops3", "nops4"] as const) {
        const { machine, module } = await loaded(design, endian);
        const sites = machine.callSites(module);
        assert.equal(sites.length, 3);
        const entries = { addresses: [], nops: Number(design.slice(-1)) };
        const sitesOnly = sites.map(({ site }) => site);
        assert.equal(designOf(sitesOnly, entries).title, `${entries.nops} nops`);
        for (const tracer of ["function", "function_graph"] as const) {
          const expected = eventsOf(usual, { tracer });
          assert.equal(expected.length, tracer === "function" ? 10 : 20);
          assert.deepEqual(eventsOf(machine, { tracer }), expected);
          assert.deepEqual(eventsOf(machine, { tracer, way: "guest" }), expected);
        }
        const filtered = eventsOf(machine, { filter: ["cost_step"], way: "guest" });
        assert.deepEqual(filtered, Array(3).fill("cost_step <- cost_loop"));
      }
    });
  }

  test("that are too short, in another place or before the label are refused", async () => {
    const { machine, module } = await loadedAsIs("nops3", "little");
    const table = module.sections.find(({ name }) => name === "__patchable_function_entries");
    const first = table?.address ?? 0;
    const leaf = machine.memory.u32(first);
    const refused = (says: RegExp): void => {
      assert.throws(
        () => readEntries(machine, module),
        (error) => error instanceof Misuse && says.test(error.message),
      );
    };
    machine.memory.setU32(first, leaf + WORD);
    refused(/are before their function's label/);
    machine.memory.setU32(first, 0x80100000);
    refused(/where none of the module's code is/);
    machine.memory.setU32(first, leaf + 2);
    refused(/where none of the module's code is/);
    machine.memory.setU32(first + WORD, leaf);
    machine.memory.setU32(first, leaf);
    refused(/two entries share the words/);
    machine.memory.setU32(first, leaf);
    machine.memory.setU32(leaf + 2 * WORD, 0x24020001);
    refused(/an entry of 2 nops has no room for a call/);
  });

  test("of three nops need room for a veneer", async () => {
    const { machine, module } = await loadedAsIs("nops4", "little");
    const entries = readEntries(machine, module);
    assert.ok(entries !== null);
    assert.throws(
      () => adoptEntries(machine, module, { ...entries, nops: 3 }),
      /cost has no room for one: it needs a section \.text\.ftrace_trampoline of 16 bytes/,
    );
  });

  test("a module without them has none", async () => {
    const { machine, module } = await loadedAsIs("long", "little");
    assert.equal(readEntries(machine, module), null);
  });
});
