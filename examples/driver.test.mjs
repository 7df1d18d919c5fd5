// Tests a driver without the hardware: the driver runs in a real kernel on the board, and its chip is a register
// model in JavaScript. The test asserts what the driver wrote to the registers, in which order, and how it understood
// the chip's answers. Needs Debian's kernel for Malta: FARJAL_KERNEL=path/to/vmlinuz.
//
//   FARJAL_KERNEL=vmlinuz-6.1.0-50-4kc-malta node --test examples/driver.test.mjs

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { openLinux } from "farjal";

const kernel = process.env.FARJAL_KERNEL;
const skip = kernel !== undefined && existsSync(kernel) ? false : "FARJAL_KERNEL names no kernel";
const driver = readFileSync(new URL("thermometer/built/thermometer.ko", import.meta.url));

/** The chip: it takes a measurement a millisecond after it was started, and raises its interrupt. */
class Thermometer {
  constructor({ id = 0x7e3a0001, degrees = 21.5 } = {}) {
    this.id = id;
    this.measured = Math.round(degrees * 1000);
    this.ready = 0;
  }

  connect(port) {
    this.port = port;
  }

  read(offset) {
    return [this.id, 0, this.ready, this.measured][offset / 4] ?? 0;
  }

  write(offset, _size, value) {
    if (offset === 4 && value === 3) {
      this.port.at(this.port.now + this.port.clockRate / 1000, () => {
        this.ready = 1;
        this.port.raise(true);
      });
    }
    if (offset === 8 && value === 1) {
      this.ready = 0;
      this.port.raise(false);
    }
  }
}

test("the driver starts the chip and reads what it measures", { skip }, async () => {
  const { linux } = await openLinux(kernel);
  const log = linux.board.attach(0x1c000000, 0x10, new Thermometer({ degrees: 36.6 }), { line: 5 });
  assert.equal(linux.insmod(driver).errno, null);
  linux.sleep(0.005);
  assert.equal(linux.dmesg.at(-1), "thermometer: 36.600 degrees");
  assert.deepEqual(log.lines(), [
    "read32 0x00 0x7e3a0001", // the identification register
    "write32 0x04 0x00000003", // start, and interrupt
    "read32 0x08 0x00000001", // ready
    "read32 0x0c 0x00008ef8", // 36600
    "write32 0x08 0x00000001", // acknowledges the measurement
  ]);
  log.clear();
  assert.equal(linux.rmmod("thermometer").errno, null);
  assert.deepEqual(log.lines(), ["write32 0x04 0x00000000"]);
});

test("the driver does not bind to another chip", { skip }, async () => {
  const { linux } = await openLinux(kernel);
  const log = linux.board.attach(0x1c000000, 0x10, new Thermometer({ id: 0xdeadbeef }));
  const { errno, dmesg } = linux.insmod(driver);
  assert.equal(errno, "ENODEV");
  assert.equal(dmesg.at(-1), "thermometer: no thermometer, but deadbeef");
  assert.deepEqual(log.lines(), ["read32 0x00 0xdeadbeef"]);
});
