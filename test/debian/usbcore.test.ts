// Tests usbcore.ko, the module whose refusal in 2009 was farjal's origin, on Debian's own kernel: it loads where
// 2009's could not, its call sites switch between the kernel's own words, and two of its functions run and are
// traced.

import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { OP_ADDIU, OP_LBU, OP_LW } from "../../assembly/shared/opcodes.ts";
import {
  type Kernel,
  type LoadedModule,
  Machine,
  readKernel,
  type TraceWay,
} from "../../src/index.ts";
import { debian, debianSkip } from "../support/debian.ts";

const BASE = 0xc0000000;
const USB_COMMON = 0xc8000000;
/** The words of a site in a live kernel of any version: `b` over the call and nop, or the call of _mcount. */
const OFF = [0x10000005, 0x00000000];
/** The release of MEASURED; another build has other figures. */
const RELEASE = "6.1.0-50-4kc-malta";
/**
 * The core's size in its /proc/modules, the number of entries of usbcore's __mcount_loc, how many of them its tracer
 * rewrites (the others are in the init block, already freed then), and the words that it writes.
 */
const MEASURED = { core: 0x3eeaf, sites: 494, coreSites: 491, on: [0x3c038011, 0x246356a0] };
const WAYS: readonly TraceWay[] = ["native", "guest"];

suite("usbcore.ko at 0xc0000000", { skip: debianSkip }, () => {
  let kernel: Kernel;
  let machine: Machine;
  let usbcore: LoadedModule;

  before(async () => {
    kernel = await readKernel(debian?.vmlinuz ?? "");
    machine = await Machine.create({ kernel });
    await machine.insmod(debian?.module("usb-common") ?? "", { base: USB_COMMON });
    usbcore = await machine.insmod(debian?.module("usbcore") ?? "", {
      base: BASE,
      farJumps: "refuse",
    });
  });

  const coreSites = () => usbcore.sites.filter(({ block }) => block === "core");

  /** lui v1,%hi(_mcount); addiu v1,v1,%lo(_mcount), whose low half is signed. */
  const onWords = (): number[] => {
    const mcount = kernel.addressOf("_mcount") ?? 0;
    return [0x3c030000 + ((mcount + 0x8000) >>> 16), 0x24630000 + (mcount & 0xffff)];
  };

  const coreBytes = (): Buffer => Buffer.from(machine.memory.read(BASE, usbcore.core.size));

  test("loads without a trampoline: Debian's modules call through registers", () => {
    assert.equal(usbcore.core.base, BASE);
    assert.deepEqual(usbcore.plan.farJumps, []);
    assert.deepEqual(usbcore.dmesg, []);
  });

  test(`has the size, the sites and the words of ${RELEASE}`, (context) => {
    if (kernel.release !== RELEASE) return context.skip(`another kernel: ${kernel.release}`);
    const core = usbcore.core.size;
    const sites = usbcore.sites.length;
    assert.deepEqual({ core, sites, coreSites: coreSites().length, on: onWords() }, MEASURED);
  });

  test("switches its core sites between the kernel's words, and nothing else", () => {
    const sites = coreSites();
    assert.ok(sites.length > 0 && sites.every(({ recorded }) => recorded));
    const on = onWords();
    const off = coreBytes();
    const expected = Buffer.from(off);
    for (const { address } of sites) {
      const at = address - BASE;
      assert.deepEqual([off.readUInt32LE(at), off.readUInt32LE(at + 4)], OFF);
      on.forEach((word, index) => {
        expected.writeUInt32LE(word, at + 4 * index);
      });
    }
    const tracer = machine.trace({ way: "guest" });
    assert.ok(coreBytes().equals(expected));
    tracer.stop();
    assert.ok(coreBytes().equals(off));
  });

  test("usb_disabled() returns the parameter nousb, traced and untraced", () => {
    const nousb = usbcore.symbols.find(({ name }) => name === "nousb")?.address ?? 0;
    for (const value of [0, 1]) {
      machine.memory.setU8(nousb, value);
      const plain = machine.call("usb_disabled");
      assert.deepEqual([plain.v0, plain.exception], [value, undefined]);
      for (const way of WAYS) {
        const tracer = machine.trace({ way, filter: ["usb_*:mod:usbcore"] });
        assert.equal(machine.call("usb_disabled").v0, value);
        tracer.stop();
        assert.deepEqual(
          [...tracer.events()].map(({ name, module, parentName }) => [name, module, parentName]),
          [["usb_disabled", "usbcore", "host_call"]],
        );
      }
    }
    machine.memory.setU8(nousb, 0);
  });

  test("function_graph follows it, through the kernel's own ftrace_graph_caller too", () => {
    for (const way of WAYS) {
      const plain = machine.call("usb_disabled");
      const tracer = machine.trace({ way, tracer: "function_graph" });
      const { v0, instructions } = machine.call("usb_disabled");
      tracer.stop();
      assert.equal(v0, plain.v0);
      if (way === "native") assert.equal(instructions, plain.instructions);
      else assert.ok(instructions > plain.instructions + 100);
      assert.deepEqual(
        [...tracer.events()].map(({ type, name, depth }) => [type, name, depth]),
        [
          ["funcgraph_entry", "usb_disabled", 0],
          ["funcgraph_exit", "usb_disabled", 0],
        ],
      );
      assert.deepEqual(machine.call("usb_disabled"), plain, "and nothing of it stays");
    }
  });

  suite("usb_ifnum_to_if()", () => {
    /**
     * The offsets of struct usb_device's members come from the function's own loads: actconfig, then in it
     * bNumInterfaces and interface[], then an interface's altsetting and its bInterfaceNumber. USB 2.0, tables 9-10
     * and 9-12, defines the offsets of the two bytes in their descriptors.
     */
    function offsets() {
      const start = machine.addressOf("usb_ifnum_to_if") ?? 0;
      const size = machine.symbolAt(start)?.size ?? 0;
      const site = usbcore.sites.find(({ address }) => address >= start)?.address ?? 0;
      const found: { operation: number; offset: number }[] = [];
      for (let at = site + 24; at < start + size; at += 4) {
        const word = machine.memory.u32(at);
        const operation = word >>> 26;
        const fromV0 = ((word >>> 21) & 31) === 2;
        if ([OP_LW, OP_LBU].includes(operation) || (operation === OP_ADDIU && fromV0)) {
          found.push({ operation, offset: word & 0xffff });
        }
      }
      assert.deepEqual(
        found.map(({ operation }) => operation),
        [OP_LW, OP_LBU, OP_ADDIU, OP_LW, OP_LW, OP_LBU],
      );
      const [
        actconfig = 0,
        bNumInterfaces = 0,
        interfaces = 0,
        element,
        altsetting = 0,
        number = 0,
      ] = found.map(({ offset }) => offset);
      assert.deepEqual(
        { element, bNumInterfaces, number },
        { element: 0, bNumInterfaces: 4, number: 2 },
      );
      return { actconfig, bNumInterfaces, interfaces, altsetting, bInterfaceNumber: number };
    }

    /** A device whose active configuration has interfaces with these numbers. */
    function makeDevice(numbers: readonly number[]) {
      const { memory } = machine;
      const at = offsets();
      const device = memory.alloc(0x1000);
      const config = memory.alloc(0x1000);
      memory.setU32(device + at.actconfig, config);
      memory.setU8(config + at.bNumInterfaces, numbers.length);
      const interfaces = numbers.map((number, index) => {
        const altsetting = memory.alloc(0x100);
        memory.setU8(altsetting + at.bInterfaceNumber, number);
        const address = memory.alloc(0x400);
        memory.setU32(address + at.altsetting, altsetting);
        memory.setU32(config + at.interfaces + 4 * index, address);
        return address;
      });
      return { device, interfaces };
    }

    test("finds each interface of a device by its number, traced and untraced", () => {
      const { device, interfaces } = makeDevice([0, 2, 5]);
      const wanted = [0, 1, 2, 5, 6].map((number) => ({
        number,
        address: interfaces[[0, 2, 5].indexOf(number)] ?? 0,
      }));
      const plain = wanted.map(({ number }) => machine.call("usb_ifnum_to_if", [device, number]));
      assert.deepEqual(
        plain.map(({ v0, exception }) => [v0, exception]),
        wanted.map(({ address }) => [address, undefined]),
      );
      for (const way of WAYS) {
        const tracer = machine.trace({ way, filter: ["usb_ifnum_to_if"] });
        const traced = wanted.map(({ number }) =>
          machine.call("usb_ifnum_to_if", [device, number]),
        );
        tracer.stop();
        assert.deepEqual(
          traced.map(({ v0 }) => v0),
          wanted.map(({ address }) => address),
        );
        assert.equal(tracer.written, wanted.length);
        if (way === "guest") continue;
        assert.deepEqual(
          traced.map(({ instructions }) => instructions),
          plain.map(({ instructions }) => instructions),
          "the native way costs no guest instruction",
        );
      }
    });

    test("finds nothing without a configuration, and faults without a device", () => {
      const device = machine.memory.alloc(0x1000);
      assert.equal(machine.call("usb_ifnum_to_if", [device, 0]).v0, 0);
      const { exception } = machine.call("usb_ifnum_to_if", [0, 0], { throws: false });
      assert.equal(exception?.name, "TLBL");
      assert.equal(exception?.badVAddr, offsets().actconfig);
    });
  });
});
