// usbcore.ko, the module whose refusal in 2009 began all this, on Debian's own kernel: it loads where 2009's
// could not, its call sites switch in the kernel's own words, and two of its functions run and are traced.

import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { OP_ADDIU, OP_LBU, OP_LW } from "../../assembly/opcodes.ts";
import { type LoadedModule, Machine, readKernel, type TraceWay } from "../../src/index.ts";
import { debian, debianSkip } from "../support/debian.ts";

const BASE = 0xc0000000;
const USB_COMMON = 0xc8000000;
/** What a live kernel of any version shows: `b` over the call and nop, or the call of _mcount. */
const OFF = [0x10000005, 0x00000000];
const WAYS: readonly TraceWay[] = ["native", "guest"];

suite("usbcore.ko at 0xc0000000", { skip: debianSkip }, () => {
  let machine: Machine;
  let usbcore: LoadedModule;

  before(async () => {
    machine = await Machine.create({ kernel: await readKernel(debian?.vmlinuz ?? "") });
    await machine.insmod(debian?.module("usb-common") ?? "", { base: USB_COMMON });
    usbcore = await machine.insmod(debian?.module("usbcore") ?? "", {
      base: BASE,
      farJumps: "refuse",
    });
  });

  const coreWords = (): number[] =>
    Array.from({ length: Math.floor(usbcore.core.size / 4) }, (_, index) =>
      machine.memory.u32(BASE + 4 * index),
    );

  test("loads without a trampoline: Debian's modules call through registers", () => {
    assert.equal(usbcore.core.base, BASE);
    assert.deepEqual(usbcore.plan.farJumps, []);
    assert.deepEqual(usbcore.dmesg, []);
  });

  test("switches its 491 core sites between the kernel's words, and nothing else", () => {
    const sites = usbcore.sites.filter(({ block }) => block === "core");
    assert.ok(sites.every(({ recorded }) => recorded));
    if (debian?.release === "6.1.0-50-4kc-malta") assert.equal(sites.length, 491);
    const mcount = machine.addressOf("_mcount") ?? 0;
    const on = [
      (0x3c030000 | ((mcount + 0x8000) >>> 16)) >>> 0,
      (0x24630000 | (mcount & 0xffff)) >>> 0,
    ];
    if (debian?.release === "6.1.0-50-4kc-malta") assert.deepEqual(on, [0x3c038011, 0x246356a0]);

    const off = coreWords();
    const expected = [...off];
    for (const { address } of sites) {
      const at = (address - BASE) / 4;
      assert.deepEqual(off.slice(at, at + 2), OFF);
      expected.splice(at, 2, ...on);
    }
    const tracer = machine.trace({ way: "guest" });
    assert.deepEqual(coreWords(), expected);
    tracer.stop();
    assert.deepEqual(coreWords(), off);
  });

  test("usb_disabled() tells the parameter nousb, traced and untraced", () => {
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

  suite("usb_ifnum_to_if()", () => {
    /**
     * struct usb_device's members are where the function's own loads say: actconfig, then in that
     * bNumInterfaces and interface[], then an interface's altsetting and its bInterfaceNumber.
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
      assert.equal(element, 0);
      return { actconfig, bNumInterfaces, interfaces, altsetting, bInterfaceNumber: number };
    }

    /** A device whose active configuration has interfaces of these numbers. */
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
      const { exception } = machine.call("usb_ifnum_to_if", [0, 0]);
      assert.equal(exception?.name, "TLBL");
      assert.equal(exception?.badVAddr, offsets().actconfig);
    });
  });
});
