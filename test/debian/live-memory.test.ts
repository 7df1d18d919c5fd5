// Compares modules in memory with those of a live kernel: Debian's 6.1.0-50-4kc-malta under QEMU, whose memory was
// read through /proc/kcore with the function tracer off and on. The kernel's binaries are GPL, so this file has only
// digests of that memory. farjal loads the modules at the addresses that the kernel chose. They must have the same
// bytes in every section except those of CHANGING, and in the symbol table after the last section.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, suite, test } from "node:test";
import { type Kernel, Machine, readKernel } from "../../src/index.ts";
import { debian, debianSkip } from "../support/debian.ts";

/** Another build of the kernel has other bytes. */
const KERNEL = "6.1.0-50-4kc-malta SMP mod_unload modversions MIPS32_R2 32BIT ";

/** A running kernel sorts the first section (jump_label_add_module) and writes to the others. */
const CHANGING = ["__jump_table", ".data", "__dyndbg", ".gnu.linkonce.this_module", ".bss"];

interface Seen {
  readonly name: string;
  /** Modules that are loaded before it, at an address that doesn't matter. */
  readonly dependencies?: readonly string[];
  readonly base: number;
  readonly initBase: number;
  /** The base in /proc/modules. */
  readonly size: number;
  /** Digest from the base to the first section of CHANGING. */
  readonly unchanging: number;
  readonly off: string;
  /** Null if the module wasn't traced. */
  readonly on: string | null;
  /** Digest from the last section's end to the core's. */
  readonly symbols: string;
}

const SEEN: readonly Seen[] = [
  {
    name: "usbcore",
    dependencies: ["usb-common"],
    base: 0xc0111000,
    initBase: 0xc0023000,
    size: 257_711,
    unchanging: 0x37a28,
    off: "45273b507bce0e0d5db1cb14fefc54090c95edf380fc0e6fcb8d033baa0eb181",
    on: "46f3c76993a265941c415b9e4dc1999b4dc62ce1a0345ca129cdb48ebccd1b11",
    symbols: "e2e8e2a4feb488d6d8253de1e1d184ce5a5ea7d45e7574dfcc752c4b28372677",
  },
  {
    name: "usb-common",
    base: 0xc001f000,
    initBase: 0xc0023000,
    size: 9056,
    unchanging: 0x1dd0,
    off: "f383429d775196bc2bc466caf1c49b7f5ac5502b3a63f77ec8dc290b82575cac",
    on: null,
    symbols: "ece385d88abea3c0e290703581fd24a13d5cfa91730397ed9c2618d5b4665d46",
  },
  {
    name: "crc16",
    base: 0xc0017000,
    initBase: 0xc0019000,
    size: 1449,
    unchanging: 0x320,
    off: "6eaea251c2208d161e75df75d971465db5137672affd1155441ec5ccd5ce7441",
    on: "6eaea251c2208d161e75df75d971465db5137672affd1155441ec5ccd5ce7441",
    symbols: "777ba0d6160971a4a2b4e8f29ebb6de80ce6839098bb43673bcae42d4d76e7e6",
  },
];

/** The address of usb_common's core in a live kernel, which usbcore's calls contain, and one clear of both modules. */
const USB_COMMON = { base: 0xc001f000, initBase: 0xc0300000 };

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

suite("memory is a live kernel's, byte for byte", { skip: debianSkip }, () => {
  let kernel: Kernel;
  before(async () => {
    kernel = await readKernel(debian?.vmlinuz ?? "");
  });

  for (const { name, dependencies = [], base, initBase, ...seen } of SEEN) {
    test(name, async (context) => {
      if (kernel.vermagic !== KERNEL) return context.skip(`another version: ${kernel.vermagic}`);
      const machine = await Machine.create({ kernel });
      for (const dependency of dependencies) {
        await machine.insmod(debian?.module(dependency) ?? "", USB_COMMON);
      }
      const path = debian?.module(name) ?? "";
      const module = await machine.insmod(path, { base, initBase, farJumps: "refuse" });
      const core = module.sections.filter(({ block }) => block === "core");
      const changing = core.filter((section) => CHANGING.includes(section.name));
      const unchanging = Math.min(...changing.map(({ address }) => address)) - base;
      const end = Math.max(...core.map(({ address, size }) => address + size)) - base;
      assert.deepEqual([module.core.size, unchanging], [seen.size, seen.unchanging]);

      const memory = machine.memory;
      assert.equal(sha256(memory.read(base, unchanging)), seen.off, "tracing off");
      assert.equal(sha256(memory.read(base + end, module.core.size - end)), seen.symbols);
      if (seen.on === null) return;
      const tracer = machine.trace({ way: "guest" });
      assert.equal(sha256(memory.read(base, unchanging)), seen.on, "tracing on");
      tracer.stop();
      assert.equal(sha256(memory.read(base, unchanging)), seen.off, "tracing off again");
    });
  }
});
