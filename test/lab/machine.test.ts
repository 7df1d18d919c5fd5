// Tests the machine as a user uses it: calls and their arguments, host functions, every way in which a call can end
// without returning, modules that are loaded, unloaded and depend on each other, in both byte orders.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Endian } from "../../src/bytes/endian.ts";
import { readElf } from "../../src/elf/reader.ts";
import { Misuse, Refusal } from "../../src/errors.ts";
import { CallStopped } from "../../src/lab/calls/outcome.ts";
import { Machine } from "../../src/lab/machine.ts";
import { repositoryFile } from "../support/repository.ts";

const JR_RA = 0x03e00008;
const NOP = 0;

function built(name: string, endian: Endian): string {
  return repositoryFile(`test/modules/built/${name}-${endian}.ko`);
}

/** Puts words into guest memory, followed by `jr ra; nop`, and returns their address. */
function code(machine: Machine, ...words: number[]): number {
  const all = [...words, JR_RA, NOP];
  const address = machine.memory.alloc(4 * all.length);
  all.forEach((word, index) => {
    machine.memory.setU32(address + 4 * index, word);
  });
  return address;
}

for (const endian of ["little", "big"] as const) {
  suite(`a call, ${endian} endian`, () => {
    test("passes words in a0 to a3 and then on the stack, 64 bits in an even pair", async () => {
      const machine = await Machine.create({ endian });
      const seen: number[] = [];
      machine.provide("watch", (call) => {
        for (let index = 0; index < 8; index += 1) seen.push(call.arg(index));
        return 7;
      });
      const { v0 } = machine.call("watch", [1, -1, 0x1_0000_0002n, 3, 0x5_0000_0004n]);
      assert.equal(v0, 7);
      const pair = (low: number, high: number) => (endian === "little" ? [low, high] : [high, low]);
      assert.deepEqual(seen, [1, 0xffffffff, ...pair(2, 1), 3, 0, ...pair(4, 5)]);
    });

    test("passes strings and bytes by address and returns their memory after the call", async () => {
      const machine = await Machine.create({ endian });
      assert.equal(machine.call("strlen", ["seven c"]).v0, 7);
      const before = machine.memory.alloc(16);
      machine.memory.free(before);
      machine.call("memcmp", ["abc", Uint8Array.of(97, 98, 99), 3]);
      assert.equal(machine.memory.alloc(16), before);
    });

    test("reads memory back as the guest wrote it, at every width", async () => {
      const machine = await Machine.create({ endian });
      const at = machine.memory.alloc(8);
      machine.memory.write(at, Uint8Array.of(1, 2, 3, 4, 5));
      const little = endian === "little";
      assert.equal(machine.memory.u32(at), little ? 0x04030201 : 0x01020304);
      assert.equal(machine.memory.u16(at + 1), little ? 0x0302 : 0x0203);
      assert.equal(machine.memory.u8(at + 4), 5);
      machine.memory.setU16(at + 1, 0xbeef);
      assert.equal(machine.memory.u16(at + 1), 0xbeef);
      machine.memory.setU8(at, 0x7f);
      assert.equal(machine.memory.u8(at), 0x7f);
    });
  });

  suite(`a call that does not return, ${endian} endian`, () => {
    test("ends at its budget, exactly", async () => {
      const machine = await Machine.create({ endian });
      const loop = code(machine, 0x1000ffff, NOP);
      const result = machine.call(loop, [], { budget: 12_345 });
      assert.equal(result.instructions, 12_345);
      assert.equal(result.exception?.kind, "budget");
      assert.match(result.exception?.message ?? "", /budget of 12345 instructions/);
      assert.ok(!("v0" in result) && !("v1" in result));
      assert.deepEqual(machine.call(loop, [], { budget: 12_345, throws: false }), result);
      assert.throws(() => machine.call(loop, [], { budget: 12_345, throws: true }), CallStopped);
    });

    test("throws for an exception, whatever budget it has", async () => {
      const machine = await Machine.create({ endian });
      const store = code(machine, 0xac020000); // sw v0,0(zero)
      assert.throws(() => machine.call(store, [], { budget: 12_345 }), CallStopped);
    });

    test("reports the exception, the place and the address", async () => {
      const machine = await Machine.create({ endian });
      const store = code(machine, 0xac020000); // sw v0,0(zero)
      const { exception } = machine.call(store, [], { throws: false });
      assert.equal(exception?.name, "TLBS");
      assert.equal(exception?.badVAddr, 0);
      assert.equal(exception?.pc, store);
      assert.match(
        exception?.message ?? "",
        /a store where nothing is mapped \(address 0x00000000\)/,
      );
    });

    test("reports a delay slot's exception", async () => {
      const machine = await Machine.create({ endian });
      const slot = code(machine, 0x10000001, 0x8c420001); // b .+8; lw v0,1(v0)
      const { exception } = machine.call(slot, [], { throws: false });
      assert.equal(exception?.name, "AdEL");
      assert.equal(exception?.inDelaySlot, true);
      assert.equal(exception?.pc, slot + 4);
    });

    test("can't reach farjal's own memory, at any address", async () => {
      const machine = await Machine.create({ endian });
      const load = code(machine, 0x8c820000); // lw v0,0(a0)
      for (const address of [
        0x84000000, 0x9ffffffc, 0xa4000000, 0xbffffffc, 0x7ffffffc, 0xfffffffc,
      ]) {
        const { exception } = machine.call(load, [address], { throws: false });
        assert.ok(exception !== undefined, address.toString(16));
        assert.match(exception.name, /^(DBE|TLBL)$/);
      }
    });

    test("ends when the stack overflows", async () => {
      const machine = await Machine.create({ endian });
      // addiu sp,sp,-256; sw ra,0(sp); b .-8; nop
      const recurse = code(machine, 0x27bdff00, 0xafbf0000, 0x1000fffd, NOP);
      const { exception } = machine.call(recurse, [], { throws: false });
      assert.equal(exception?.name, "TLBS");
    });

    test("names a function that has no code", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(built("imports", endian), { stubMissing: true });
      const { exception } = machine.call("imports_run", [1], { throws: false });
      assert.equal(exception?.kind, "unresolved");
      assert.match(
        exception?.message ?? "",
        /^init_\w+ was called from .*imports_run.*provide\("init_/,
      );
    });

    test("loads a module that exports, even if it lacks imports", async () => {
      const machine = await Machine.create({ endian });
      const module = await machine.insmod(built("init", endian), { stubMissing: true });
      assert.ok(module.exports.length > 0);
    });

    test("makes a stub for an import that no module exports: a later export of that name is no duplicate", async () => {
      const machine = await Machine.create({ endian });
      const user = await machine.insmod(built("imports", endian), { stubMissing: true });
      assert.equal(machine.importOf("init_count")?.from, "stub");
      await assert.rejects(machine.insmod(built("imports_undeclared", endian)), /Unknown symbol/);
      machine.rmmod(user);
      await machine.insmod(built("init", endian), { stubMissing: true });
      assert.equal(machine.importOf("init_count")?.from, "module");
      machine.call("init_count");
    });

    test("refuses a made-up hypercall", async () => {
      const machine = await Machine.create({ endian });
      const { exception } = machine.call(code(machine, 0x70000011 | (0xfffff << 6)), [], {
        throws: false,
      });
      assert.equal(exception?.kind, "unresolved");
    });
  });

  suite(`host functions, ${endian} endian`, () => {
    test("replace a kernel's functions, and may call the guest", async () => {
      const machine = await Machine.create({ endian });
      const double = code(machine, 0x00841021); // addu v0,a0,a0
      machine.provide("strlen", (call) => call.callGuest(double, [call.string(0).length]));
      assert.equal(machine.call("strlen", ["four"]).v0, 8);
    });

    test("share the call's budget, at any nesting depth", async () => {
      const machine = await Machine.create({ endian });
      machine.provide("again", (call) => call.callGuest(machine.addressOf("again") ?? 0, []));
      assert.throws(() => machine.call("again"), Misuse);
      assert.equal(machine.call("strlen", ["still alive"]).v0, 11);
    });

    test("throw through the call, and leave the machine unchanged", async () => {
      const machine = await Machine.create({ endian });
      machine.provide("fails", () => {
        throw new RangeError("mine");
      });
      assert.throws(() => machine.call("fails"), RangeError);
      assert.equal(machine.call("strlen", ["ok"]).v0, 2);
    });

    test("print what the guest prints", async () => {
      const machine = await Machine.create({ endian });
      machine.call("_printk", ["\u00016%s: %d of %llu\n", "hub", -3, 2n ** 40n]);
      assert.deepEqual(machine.log, ["hub: -3 of 1099511627776"]);
    });
  });

  suite(`modules, ${endian} endian`, () => {
    test("run the same at every address, across lines between regions too", async () => {
      const results = new Set<number>();
      for (const base of [0xc0000000, 0xcffff000, 0xcfffe000, 0xdfff0000, 0x82000000]) {
        for (const name of ["jal2009", "jal2009ra", "modern"]) {
          const machine = await Machine.create({ endian });
          await machine.insmod(built(name, endian), { base });
          const { v0 } = machine.call("work_run", [50]);
          results.add(v0);
        }
      }
      assert.equal(results.size, 1);
    });

    test("are loaded and unloaded many times without losing memory", async () => {
      const machine = await Machine.create({ endian });
      const first = await machine.insmod(built("init", endian));
      machine.rmmod(first);
      for (let round = 0; round < 50; round += 1) {
        const again = await machine.insmod(built("init", endian), { init: true });
        assert.equal(again.core.base, first.core.base);
        machine.rmmod(again);
      }
      assert.equal(machine.modules.length, 0);
    });

    test("remove their names when unloaded, except for a trace's records", async () => {
      const machine = await Machine.create({ endian });
      const file = built("modern", endian);
      const module = await machine.insmod(file);
      const address = machine.addressOf("work_run") ?? 0;
      assert.equal(machine.symbolAt(address)?.name, "work_run");
      const tracer = machine.trace({ filter: ["work_run"] });
      machine.call("work_run", [1]);
      machine.rmmod(module);
      assert.equal(machine.symbolAt(address), undefined);
      const named = () => [...tracer.events()].map((one) => one.name);
      assert.deepEqual(named(), ["work_run"]);
      for (let round = 0; round < 20; round += 1) machine.rmmod(await machine.insmod(file));
      assert.deepEqual(named(), ["work_run"]);
      tracer.stop();
      assert.deepEqual(named(), ["work_run"]);
    });

    test("keep the modules loaded that they import from", async () => {
      const machine = await Machine.create({ endian });
      const init = await machine.insmod(built("init", endian), { init: true });
      const user = await machine.insmod(built("imports", endian));
      assert.throws(() => machine.rmmod(init), /in use by: imports/);
      machine.rmmod(user);
      machine.rmmod(init);
      assert.throws(() => machine.rmmod(init), Refusal);
    });

    test("lose their init functions once init has run", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(built("init", endian), { init: true });
      assert.equal(machine.addressOf("init_start"), undefined);
      assert.notEqual(machine.addressOf("init_count"), undefined);
    });

    test("are refused completely: nothing of a refused module stays", async () => {
      const machine = await Machine.create({ endian });
      await assert.rejects(
        machine.insmod(built("jal2009", endian), { farJumps: "refuse" }),
        Refusal,
      );
      assert.equal(machine.modules.length, 0);
      const loaded = await machine.insmod(built("jal2009", endian));
      assert.equal(loaded.core.base, 0xc0000000);
    });

    test("have their per-CPU variables aligned as they require", async () => {
      const bytes = new Uint8Array(readFileSync(built("init", endian)));
      const view = new DataView(bytes.buffer);
      const little = endian === "little";
      const perCpu = readElf(bytes).sections.find(({ name }) => name === ".data..percpu");
      const header = view.getUint32(0x20, little) + 40 * (perCpu?.index ?? 0);
      view.setUint32(header + 32, 1024, little); // sh_addralign
      const machine = await Machine.create({ endian });
      machine.memory.alloc(16);
      const module = await machine.insmod(bytes);
      assert.equal((module.perCpu?.base ?? 1) % 1024, 0);
      assert.equal(machine.call("init_per_cpu").v0, module.perCpu?.base);
    });

    test("are refused when __mcount_loc names a word that is no call site", async () => {
      for (const [addend, says] of [
        [0x7ffff000, /outside the module's code/],
        [0x0c, /where no call of _mcount is/],
      ] as const) {
        const bytes = new Uint8Array(readFileSync(built("modern", endian)));
        const table = readElf(bytes).sections.find(({ name }) => name === "__mcount_loc");
        new DataView(bytes.buffer).setUint32(table?.offset ?? 0, addend, endian === "little");
        const machine = await Machine.create({ endian });
        await assert.rejects(machine.insmod(bytes), says);
        assert.equal(machine.modules.length, 0);
      }
    });

    test("are refused where there is no free space or no whole page", async () => {
      const machine = await Machine.create({ endian });
      const file = built("modern", endian);
      await assert.rejects(machine.insmod(file, { base: 0xc0000010 }), Misuse);
      await assert.rejects(machine.insmod(file, { base: 0xfffff000 }), Refusal);
      await assert.rejects(machine.insmod(file, { base: 0x80100000 }), Refusal);
      await assert.rejects(machine.insmod(file, { base: 0x10000 }), Refusal);
      await machine.insmod(file, { base: 0xc0000000 });
      const same = machine.insmod(built("shapes", endian), { base: 0xc0000000 });
      await assert.rejects(same, /not all free/);
    });
  });

  suite(`the tracer, ${endian} endian`, () => {
    test("switches and filters while a module is loaded, and when off costs only the nops", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(built("modern", endian));
      machine.call("work_run", [1]);
      const off = machine.call("work_run", [1]).instructions;
      const tracer = machine.trace({ filter: ["work_*", "!work_run"] });
      const on = machine.call("work_run", [1]).instructions;
      assert.equal(on, off);
      const names = new Set([...tracer.events()].map(({ name }) => name));
      assert.ok(names.has("work_copy") && !names.has("work_run") && !names.has("mix"));
      tracer.write("set_ftrace_filter", "mix");
      tracer.clear();
      machine.call("work_run", [1]);
      assert.deepEqual([...new Set([...tracer.events()].map(({ name }) => name))], ["mix"]);
      tracer.stop();
      const { written } = tracer;
      machine.call("work_run", [1]);
      assert.equal(tracer.written, written);
    });

    test("traces a module that is loaded later, by the :mod: rule that waits for it", async () => {
      const machine = await Machine.create({ endian });
      const tracer = machine.trace({ filter: [":mod:modern"] });
      await machine.insmod(built("shapes", endian));
      machine.call("shapes_run", [3]);
      assert.equal(tracer.written, 0);
      await machine.insmod(built("modern", endian));
      machine.call("work_run", [3]);
      assert.ok(tracer.written > 0);
    });

    test("keeps filters by site, as the kernel does, so a module that is loaded again isn't in them", async () => {
      const machine = await Machine.create({ endian });
      const file = built("modern", endian);
      const module = await machine.insmod(file);
      const tracer = machine.trace({ filter: ["mix work_*", "!work_run"] });
      assert.throws(() => tracer.write("set_ftrace_filter", "mix nosuch work_run"), /EINVAL/);
      assert.deepEqual(tracer.read("set_ftrace_filter"), ["mix [modern]"]);
      assert.equal(tracer.sitesOn.length, 1);
      tracer.write("set_ftrace_filter", "work_run", { append: true });
      assert.equal(tracer.sitesOn.length, 2);
      machine.rmmod(module);
      await machine.insmod(file);
      assert.deepEqual([tracer.sitesOn, tracer.read("set_ftrace_filter")], [[], []]);
      tracer.write("set_ftrace_filter", "");
      assert.deepEqual(tracer.read("set_ftrace_filter"), ["#### all functions enabled ####"]);
      assert.equal(tracer.sitesOn.length, machine.modules[0]?.sites.length);
    });

    test("counts what newer events overwrote", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(built("modern", endian));
      const tracer = machine.trace({ capacity: 4 });
      machine.call("work_run", [3]);
      assert.equal(tracer.entries, 4);
      assert.equal(tracer.overruns, tracer.written - 4);
      assert.ok(tracer.overruns > 0);
      const header = [...tracer.text()][0] ?? "";
      assert.match(header, new RegExp(`entries-written: 4/${tracer.written} `));
    });

    test("refuses a filter that matches nothing, and a second tracer", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(built("modern", endian));
      assert.throws(() => machine.trace({ filter: ["nosuch_*"] }), /no function with a call site/);
      const tracer = machine.trace();
      assert.throws(() => machine.trace(), Misuse);
      tracer.stop();
      machine.trace().stop();
    });

    test("keeps a module's names after it is unloaded", async () => {
      const machine = await Machine.create({ endian });
      const module = await machine.insmod(built("modern", endian));
      const tracer = machine.trace();
      machine.call("work_run", [1]);
      tracer.stop();
      machine.rmmod(module);
      assert.equal([...tracer.events()][0]?.name, "work_run");
    });

    test("gives the same trace twice, to the byte", async () => {
      const texts = new Set<string>();
      for (let round = 0; round < 2; round += 1) {
        const machine = await Machine.create({ endian });
        await machine.insmod(built("jal2009", endian));
        const tracer = machine.trace({ way: "guest" });
        machine.call("work_run", [9]);
        texts.add([...tracer.text()].join(""));
      }
      assert.equal(texts.size, 1);
    });
  });
}

test("machines share no state", async () => {
  const [one, two] = [await Machine.create(), await Machine.create({ endian: "big" })];
  one.provide("strlen", () => 99);
  assert.equal(one.call("strlen", ["x"]).v0, 99);
  assert.equal(two.call("strlen", ["x"]).v0, 1);
});

test("a refcount that goes wrong is saturated, and each cause prints the kernel's line, once", async () => {
  const machine = await Machine.create();
  const counter = machine.memory.alloc(4);
  for (const cause of [0, 1, 2, 3, 4, 5, 4]) {
    machine.memory.setU32(counter, 0);
    machine.call("refcount_warn_saturate", [counter, cause]);
    assert.equal(machine.memory.u32(counter), 0xc0000000);
  }
  assert.deepEqual(machine.log, [
    "refcount_t: saturated; leaking memory.",
    "refcount_t: saturated; leaking memory.",
    "refcount_t: addition on 0; use-after-free.",
    "refcount_t: underflow; use-after-free.",
    "refcount_t: decrement hit 0; leaking memory.",
    "refcount_t: unknown saturation event!?.",
  ]);
});

suite("a module file", () => {
  const folder = mkdtempSync(join(tmpdir(), "farjal-machine-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const plain = readFileSync(built("plain", "little"));
  const load = async (source: string | Uint8Array) =>
    (await Machine.create()).insmod(source, { init: false });

  for (const [ending, ...command] of [
    ["gz", "gzip", "-9"],
    ["xz", "xz", "--check=crc32"],
    ["zst", "zstd", "-q", "-19"],
  ] as const) {
    const missing = spawnSync(command[0], ["--version"]).error !== undefined;
    const skip = missing && `${command[0]} isn't installed`;
    test(`is read as .ko.${ending}, as a path and as bytes`, { skip }, async () => {
      const [program, ...options] = command;
      const { stdout } = spawnSync(program, [...options, "-c"], { input: plain });
      const path = join(folder, `some-name.ko.${ending}`);
      writeFileSync(path, stdout);
      const { name, sections } = await load(plain);
      for (const source of [path, new Uint8Array(stdout)]) {
        const module = await load(source);
        assert.equal(module.name, name);
        assert.deepEqual(module.sections, sections);
      }
    });
  }

  test("that can't be read, or decompressed, is a Misuse that names it", async () => {
    const nowhere = join(folder, "nowhere.ko");
    const said = (message: RegExp) => (error: unknown) =>
      error instanceof Misuse && message.test(error.message);
    await assert.rejects(load(nowhere), said(/nowhere\.ko can't be read: no such file/));
    await assert.rejects(load(folder), said(/is a directory, not a file/));
    const cut = join(folder, "cut.ko.gz");
    writeFileSync(cut, gzipSync(plain).subarray(0, 900));
    await assert.rejects(load(cut), said(/cut\.ko\.gz can't be unpacked: /));
    const bzip2 = Buffer.concat([Buffer.from("BZh91AY&SY"), Buffer.alloc(100)]);
    await assert.rejects(
      load(bzip2),
      said(/the module can't be unpacked: the compressed data is damaged/),
    );
  });
});
