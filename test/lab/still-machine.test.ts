// Tests 64-bit modules on the machine that doesn't run code: their memory, compared with binutils' linker's result
// for the same object at the same addresses; refusals and their texts; and exports that later modules import.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import { Words } from "../../src/bytes/words.ts";
import { contents, relocationTables } from "../../src/elf/contents.ts";
import { SHN_UNDEF } from "../../src/elf/numbers.ts";
import { readElf } from "../../src/elf/reader.ts";
import {
  Misuse,
  type ModuleFile,
  readKernel64,
  readModule,
  StillMachine,
} from "../../src/index.ts";
import type { LoadedModule } from "../../src/module/loaded.ts";
import { veneerFault } from "../../src/trampoline/veneer.ts";
import { refusal } from "../support/refusal.ts";
import { repositoryFile } from "../support/repository.ts";

const ORDERS = ["little", "big"] as const satisfies readonly Endian[];
const LINKER = { little: "mipsel-linux-gnu-ld", big: "mips-linux-gnu-ld" } as const;
const EMULATION = { little: "elf64ltsmip", big: "elf64btsmip" } as const;
const missing = ORDERS.map((order) => LINKER[order]).find((name) => spawnSync(name, ["-v"]).error);
const skip = missing === undefined ? false : `${missing} isn't installed`;

/** Section header flags that make ld merge strings. */
const SHF_MERGE_STRINGS = 0x30n;

function built(name: string, order: Endian): ModuleFile {
  return readModule(readFileSync(repositoryFile(`test/modules/built64/${name}-${order}.ko`)));
}

/** A kernel that exports a module's imports, at consecutive addresses. */
async function kernelFor(file: ModuleFile, from: bigint) {
  const names = ["_text", ...importsOf(file)];
  const lines = names.map((name, index) => {
    const address = from + BigInt(index * 0x7ff8);
    return `${address.toString(16).padStart(16, "0")} T ${name}\n`;
  });
  return readKernel64(Buffer.from(lines.join("")));
}

function importsOf({ elf }: ModuleFile): string[] {
  return elf.symbols
    .filter(({ section, name, binding }) => section === SHN_UNDEF && name !== "" && binding === 1)
    .map(({ name }) => name);
}

/** A section's bytes in memory after relocation, with the words of its call sites restored. */
function relocated(
  machine: StillMachine,
  module: LoadedModule<bigint>,
  { address, size }: { address: bigint; size: number },
): Uint8Array {
  const words = new Words(machine.memory.read(address, size), machine.endian);
  for (const { site, loaded } of machine.callSites(module)) {
    const at = Number(site.address - address);
    if (at < 0 || at + 8 > size) continue;
    words.setU32(at, loaded[0]);
    words.setU32(at + 4, loaded[1]);
  }
  return words.bytes;
}

/** The file with each section's strings in their original places. */
function withoutMerging(bytes: Uint8Array, order: Endian): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  const little = order === "little";
  const headers = Number(view.getBigUint64(40, little));
  for (let index = 0; index < view.getUint16(60, little); index++) {
    const flags = headers + 64 * index + 8;
    view.setBigUint64(flags, view.getBigUint64(flags, little) & ~SHF_MERGE_STRINGS, little);
  }
  return copy;
}

/** ld's result for the module's sections, each at its address. */
function linked(module: LoadedModule<bigint>, order: Endian): ReturnType<typeof readElf> {
  const folder = mkdtempSync(join(tmpdir(), "farjal-link-"));
  try {
    const [input, script, output] = ["input.o", "script.ld", "output"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(input, withoutMerging(module.file.elf.bytes, order));
    const places = module.sections
      .filter(({ size }) => size > 0)
      .map(({ name, address }) => `${name} 0x${address.toString(16)} : { *(${name}) }`);
    writeFileSync(script, `SECTIONS { ${places.join("\n")}\n/DISCARD/ : { *(*) } }`);
    const symbols = [...module.imports.values()].map(
      ({ name, address }) => `--defsym=${name}=0x${address.toString(16)}`,
    );
    execFileSync(LINKER[order], [
      ...["-m", EMULATION[order], "-T", script, "-e", "0", "--no-warn-mismatch"],
      ...[...symbols, "-o", output, input],
    ]);
    return readElf(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const COMPATIBLE = { base: 0xffffffff_c0000000n, kernel: 0xffffffff_cf00_0000n };
const MAPPED = { base: 0xc0000000_01230000n, kernel: 0xc0000000_0ff0_8000n };
const BELOW_A_LINE = { base: 0xc0000000_0ffff000n, kernel: 0x98000000_0fff_7ff8n };

suite("relocated as ld relocates", { skip }, () => {
  for (const order of ORDERS) {
    for (const [name, ...places] of [
      ["modern", COMPATIBLE],
      ["modern_nora", COMPATIBLE],
      ["optimize0", COMPATIBLE],
      ["jal", COMPATIBLE],
      ["types", COMPATIBLE, MAPPED],
      ["full", COMPATIBLE, MAPPED, BELOW_A_LINE],
    ] as const) {
      for (const place of places) {
        test(`${name} at ${place.base.toString(16)}, ${order}-endian`, async () => {
          const file = built(name, order);
          const kernel = await kernelFor(file, place.kernel);
          const machine = StillMachine.create({ endian: order, kernel });
          const module = machine.insmodFile(file, { base: place.base, farJumps: "refuse" });
          const theirs = linked(module, order);
          let compared = 0;
          for (const { target } of relocationTables(file.elf)) {
            const section = module.sections.find(({ index }) => index === target.index);
            if (section === undefined) continue;
            const other = theirs.sections.find((one) => one.name === section.name);
            assert.ok(other, section.name);
            assert.deepEqual(
              Buffer.from(relocated(machine, module, section)),
              Buffer.from(contents(theirs, other).bytes),
              section.name,
            );
            compared += 1;
          }
          assert.ok(compared >= 2);
        });
      }
    }
  }
});

for (const order of ORDERS) {
  suite(`64-bit modules, ${order}-endian`, () => {
    const refused = async (name: string, at: bigint, base: bigint) => {
      const file = built(name, order);
      const kernel = await kernelFor(file, at);
      const machine = StillMachine.create({ endian: order, kernel });
      const error = refusal(() => machine.insmodFile(file, { base, farJumps: "refuse" }));
      assert.equal(machine.modules.length, 0);
      machine.insmodFile(built("modern_nora", order), { base, stubMissing: true });
      return [error.errno, error.dmesg.at(-1), error.explanation] as const;
    };

    test("a jump out of its region overflows, and the explanation names the way to mend it", async () => {
      const [errno, line, why] = await refused("jal", 0xffffffff_80100000n, COMPATIBLE.base);
      assert.deepEqual([errno, line], ["ENOEXEC", "module jal: relocation overflow"]);
      assert.match(
        why,
        /\(0xffffffffc000[0-9a-f]{4}\).* region of 0xffffffffc0000000.* that of 0xffffffff80000000; trampolines would mend it: 5 for 14 far jumps of jal$/,
      );
    });

    test("Linux drops bits 63 to 32 of a jump's target silently, and a veneer keeps them", async () => {
      const file = built("jal", order);
      const kernel = await kernelFor(file, 0x98000000_c0107ff8n);
      const { base } = COMPATIBLE;
      const linux = StillMachine.create({ endian: order, kernel });
      assert.equal(linux.insmodFile(file, { base, farJumps: "refuse" }).plan.farJumps.length, 0);
      const { farJumps, trampolines } = StillMachine.create({ endian: order, kernel }).plan(
        file,
      ).plan;
      assert.deepEqual([farJumps.length, trampolines.length], [14, 5]);
      assert.ok(farJumps.every(({ overflowsInLinux }) => !overflowsInLinux));
    });

    test("a composite entry is reported as the type that Linux takes it for", async () => {
      const [errno, line, why] = await refused("composite", 0xffffffff_80100000n, COMPATIBLE.base);
      assert.deepEqual([errno, line], ["EINVAL", "composite: Unknown relocation type 7"]);
      assert.match(why, /R_MIPS_GPREL16/);
    });

    test("veneers reach all of 64 bits, four words to a sign-extended address and eight to any other", async () => {
      for (const [from, words] of [
        [0xffffffff_80100000n, 4],
        [0x98000000_00107ff8n, 8],
      ] as const) {
        const file = built("jal", order);
        const kernel = await kernelFor(file, from);
        const machine = StillMachine.create({ endian: order, kernel });
        const module = machine.insmodFile(file, { base: COMPATIBLE.base });
        const { plan } = module;
        assert.equal(plan.trampolines.length, 5);
        for (const { address, target, words: planned } of plan.trampolines) {
          assert.equal(planned.length, words);
          assert.equal(target, kernel.symbols.find((one) => one.address === target)?.address);
          assert.equal(veneerFault(planned, target), null);
          const there = new Words(machine.memory.read(address, 4 * words), order);
          assert.deepEqual(
            planned,
            planned.map((_, index) => there.u32(4 * index)),
          );
        }
        const sites = machine.callSites(module);
        const switched = new Map(sites.map(({ site, loaded }) => [site.address, loaded[0]]));
        for (const { address, trampoline } of plan.farJumps) {
          const word = switched.get(address) ?? machine.memory.u32(address);
          const field = BigInt(word & 0x03ffffff) << 2n;
          assert.equal(((address + 4n) & ~0x0fffffffn) | field, trampoline);
        }
      }
    });

    test("call sites of every form are recognised, and switched off as in the kernel", () => {
      for (const [name, kind, first] of [
        ["modern", "long", 0x10000004],
        ["modern_nora", "long", 0x10000004],
        ["full", "long", 0x10000008],
        ["optimize0", "long", 0x10000004],
        ["jal", "short", 0],
      ] as const) {
        const machine = StillMachine.create({ endian: order });
        const module = machine.insmodFile(built(name, order), { stubMissing: true });
        const sites = machine.callSites(module);
        assert.equal(sites.length, module.sites.length);
        assert.ok(sites.length >= 10);
        for (const { site, loaded } of sites) {
          assert.equal(site.kind, kind);
          assert.equal(machine.memory.u32(site.address), first, name);
          assert.equal(machine.memory.u32(site.address + 4n), loaded[1]);
        }
      }
    });

    test("24-byte exports are read, checked and used by another module", () => {
      const machine = StillMachine.create({ endian: order });
      const exporter = machine.insmodFile(built("init", order), { stubMissing: true });
      assert.deepEqual(
        exporter.exports.map(({ name, crc, gpl, namespace }) => [name, crc, gpl, namespace]),
        [
          ["init_count", 0x1badcafe, false, null],
          ["init_counter", 0x0ddba115, false, null],
          ["init_lookup", 0x5eed5eed, false, "FARJAL"],
          ["init_keys", 0x12345678, true, null],
        ],
      );
      const named = new Map(exporter.symbols.map(({ name, address }) => [name, address]));
      for (const { name, address } of exporter.exports) assert.equal(address, named.get(name));
      const user = machine.insmodFile(built("imports", order), { stubMissing: true });
      for (const name of ["init_count", "init_counter", "init_lookup"]) {
        assert.equal(user.imports.get(name)?.address, named.get(name));
        assert.equal(machine.importOf(name)?.from, "module");
      }
      assert.equal(machine.importOf("_mcount")?.from, "stub");
      const twin = refusal(() => machine.insmodFile(built("init", order), { stubMissing: true }));
      assert.equal(twin.errno, "EEXIST");
      machine.rmmod(user);
      machine.rmmod(exporter);
      assert.deepEqual([machine.modules, machine.importOf("init_count")], [[], undefined]);
      machine.insmodFile(built("init", order), { stubMissing: true });
    });

    test("addresses: taken, unaligned, past the end; a page of 16 KiB on a Loongson", () => {
      const file = built("modern", order);
      const at = (base: bigint, pageSize = 0x1000) =>
        StillMachine.create({ endian: order, pageSize }).insmodFile(file, {
          base,
          stubMissing: true,
        });
      assert.equal(at(0xffffffff_c0004000n, 0x4000).core.base, 0xffffffff_c0004000n);
      assert.throws(() => at(0xffffffff_c0001000n, 0x4000), Misuse);
      assert.throws(() => at(0xffffffff_c0000800n), Misuse);
      assert.equal(refusal(() => at(0xffffffff_fffff000n)).errno, "ENOMEM");
      const machine = StillMachine.create({ endian: order });
      machine.insmodFile(file, { base: COMPATIBLE.base, stubMissing: true });
      const other = built("modern_nora", order);
      const options = { base: COMPATIBLE.base, stubMissing: true };
      assert.equal(refusal(() => machine.insmodFile(other, options)).errno, "ENOMEM");
    });
  });
}
