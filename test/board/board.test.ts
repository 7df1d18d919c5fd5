// Runs small programs of machine words on the board, in both byte orders and on every engine: which bytes of a device
// an access reaches, bus errors, interrupts, time, and the instruction after which a run ends. The byte lanes are the
// hardware's: PCI's registers are little-endian, and software for a big-endian Malta swaps them.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Board } from "../../src/board/board.ts";
import type { Device, DevicePort } from "../../src/board/device.ts";
import { asm, ENDIANS, li, NOP, R } from "../cpu/guest.ts";
import { boardWith, ENTRY, put, RESULT, word } from "./program.ts";

const AT = 0x1c000000;
const KSEG1_AT = 0xbc000000;
const POWER_OFF_PORT = 0xb8001004;
const LOOP = [asm("beq", R.zero, R.zero, -1), NOP];

/** A device with 64 bytes of memory. */
class Cells implements Device {
  readonly cells = new Uint8Array(64);
  port: DevicePort | undefined;

  connect(port: DevicePort): void {
    this.port = port;
  }

  read(offset: number, size: number): number {
    let value = 0;
    for (let at = size - 1; at >= 0; at -= 1) value = value * 256 + (this.cells[offset + at] ?? 0);
    return value;
  }

  write(offset: number, size: number, value: number): void {
    for (let at = 0; at < size; at += 1) this.cells[offset + at] = value >>> (8 * at);
  }
}

/** Runs until the program's end: a jump to itself. */
function finish(board: Board, instructions: number): void {
  assert.equal(board.run({ instructions }), "instructions");
}

for (const endian of ENDIANS) {
  suite(`a ${endian}-endian board`, () => {
    test("reaches a device's bytes, halves and words where PCI has them", () => {
      const program = [
        ...li(R.t0, KSEG1_AT),
        ...li(R.t1, 0x11223344),
        asm("sw", R.t1, 0, R.t0),
        asm("sh", R.t1, 4, R.t0),
        asm("sb", R.t1, 6, R.t0),
        asm("lw", R.a0, 0, R.t0),
        asm("lhu", R.a1, 4, R.t0),
        asm("lbu", R.a2, 6, R.t0),
        asm("lb", R.a3, 0, R.t0),
      ];
      const board = boardWith(endian, program);
      const device = new Cells();
      const log = board.attach(AT, 64, device);
      finish(board, program.length);
      const bytes =
        endian === "little"
          ? [0x44, 0x33, 0x22, 0x11, 0x44, 0x33, 0x44]
          : [0x11, 0x22, 0x33, 0x44, 0x33, 0x44, 0x44];
      assert.deepEqual([...device.cells.subarray(0, 7)], bytes);
      assert.deepEqual(
        [R.a0, R.a1, R.a2, R.a3].map((register) => board.processor.gpr(register)),
        [0x11223344, 0x3344, 0x44, bytes[0]],
      );
      const swapped = endian === "big";
      assert.deepEqual(log.lines(), [
        `write32 0x00 ${swapped ? "0x44332211" : "0x11223344"}`,
        `write16 0x04 ${swapped ? "0x4433" : "0x3344"}`,
        "write8 0x06 0x44",
        `read32 0x00 ${swapped ? "0x44332211" : "0x11223344"}`,
        `read16 0x04 ${swapped ? "0x4433" : "0x3344"}`,
        "read8 0x06 0x44",
        `read8 0x00 0x${swapped ? "11" : "44"}`,
      ]);
      assert.deepEqual(
        log.accesses.map(({ pc }) => (pc - ENTRY) / 4),
        [4, 5, 6, 7, 8, 9, 10],
      );
    });

    test("asks the device that was attached last, even if another was asked before", () => {
      const board = boardWith(endian, LOOP);
      board.attach(AT, 64, new Cells());
      const inner = board.attach(AT + 8, 4, new Cells());
      for (const offset of [0, 8, 12, 8]) board.bus.read(AT + offset, 4);
      assert.equal(inner.accesses.length, 2);
    });

    test("gives a native device the number that the processor has", () => {
      const program = [...li(R.t0, KSEG1_AT), ...li(R.t1, 0x11223344), asm("sw", R.t1, 0, R.t0)];
      const board = boardWith(endian, program);
      const log = board.attach(AT, 64, new Cells(), { byteOrder: "native" });
      finish(board, program.length);
      assert.deepEqual(log.lines(), ["write32 0x00 0x11223344"]);
    });

    test("splits a wide access to a device of bytes, the low address first", () => {
      const program = [...li(R.t0, KSEG1_AT), ...li(R.t1, 0x1122), asm("sh", R.t1, 2, R.t0)];
      const board = boardWith(endian, program);
      const log = board.attach(AT, 64, new Cells(), { width: 1 });
      finish(board, program.length);
      const [low, high] = endian === "little" ? ["22", "11"] : ["11", "22"];
      assert.deepEqual(log.lines(), [`write8 0x02 0x${low}`, `write8 0x03 0x${high}`]);
    });

    for (const [name, instruction, code] of [
      ["load", asm("lw", R.t1, 0, R.t0), 7],
      ["store", asm("sw", R.t1, 0, R.t0), 7],
    ] as const) {
      test(`ends a ${name} where no device is in a bus error`, () => {
        const program = [...li(R.t0, 0xbd000000), ...li(R.t1, 5), instruction, ...LOOP];
        const board = boardWith(endian, program);
        put(board, 0x80000180, LOOP);
        finish(board, program.length + 4);
        assert.equal((board.processor.cp0(13) >>> 2) & 31, code);
        assert.equal(board.processor.cp0(14), ENTRY + 16);
        assert.equal(board.processor.gpr(R.t1), 5);
      });
    }

    test("ends the run after the instruction that switches the board off", () => {
      const program = [
        ...li(R.t0, POWER_OFF_PORT),
        ...li(R.t1, endian === "little" ? 0x2000 : 0x0020),
        // power management where the kernel puts it: base 1000, enabled
        ...li(R.a0, 0xbbe00cf8),
        ...configWrite(endian, 0x80005340, 0x1000),
        ...configWrite(endian, 0x80005380, 1),
        asm("sh", R.t1, 0, R.t0),
        asm("addiu", R.v0, R.zero, 1),
        asm("addiu", R.v1, R.zero, 1),
      ];
      const board = boardWith(endian, program);
      assert.equal(board.run({ instructions: 1000 }), "power-off");
      assert.deepEqual([board.processor.gpr(R.v0), board.processor.gpr(R.v1)], [0, 0]);
      assert.equal(board.processor.pc, ENTRY + 4 * (program.length - 2));
    });

    test("waits for the timer, and time passes without instructions", () => {
      const program = [
        ...li(R.t0, 100_000),
        asm("mtc0", R.t0, 11, 0), // Compare
        ...li(R.t1, 0x8000),
        asm("mtc0", R.t1, 12, 0), // Status.IM7, interrupts off
        asm("wait", 0),
        asm("mfc0", R.v0, 9, 0), // Count
        ...LOOP,
      ];
      const board = boardWith(endian, program);
      finish(board, program.length);
      assert.equal(board.processor.gpr(R.v0), 100_000);
      assert.equal(board.now - board.instructions, 200_000 - 7);
    });

    test("is halted when it waits and no interrupt can come", () => {
      const board = boardWith(endian, [asm("wait", 0), ...LOOP]);
      assert.equal(board.run({ instructions: 1000 }), "halted");
      assert.equal(board.processor.pc, ENTRY + 4);
    });

    test("calls a device's alarm at its instruction, whose interrupt ends the waiting", () => {
      const program = [
        ...li(R.t0, 0x400), // Status.IM2
        asm("mtc0", R.t0, 12, 0),
        ...li(R.t0, KSEG1_AT),
        asm("sw", R.zero, 0, R.t0),
        asm("wait", 0),
        asm("mfc0", R.v0, 9, 0),
        ...LOOP,
      ];
      const board = boardWith(endian, program);
      const times: number[] = [];
      const device = new (class extends Cells {
        override write(): void {
          this.port?.at(5000, () => {
            times.push(this.port?.now ?? 0);
            this.port?.raise(true);
          });
        }
      })();
      board.attach(AT, 64, device, { line: 5 });
      board.run({ instructions: 2 }); // the 8259s need their set-up: unmask line 5 and the cascade
      board.bus.write(0x18000021, 1, 0);
      finish(board, program.length - 2);
      assert.deepEqual(times, [5000]);
      assert.equal(board.processor.gpr(R.v0), 2500);
    });

    test("keeps DMA inside memory", () => {
      const board = boardWith(endian, LOOP);
      const device = new Cells();
      board.attach(AT, 64, device);
      const memory = device.port?.memory;
      memory?.write(RESULT & 0x1fffffff, Uint8Array.of(1, 2, 3, 4));
      assert.equal(word(board, RESULT), endian === "little" ? 0x04030201 : 0x01020304);
      memory?.write(board.processor.ramSize - 1, Uint8Array.of(9, 9, 9));
      assert.deepEqual([...(memory?.read(board.processor.ramSize - 1, 3) ?? [])], [9, 0xff, 0xff]);
      for (const odd of [-5, 0xffffffff, 1e12, Number.NaN]) {
        memory?.write(odd, Uint8Array.of(7));
        assert.deepEqual([...(memory?.read(odd, 2) ?? [])], [0xff, 0xff], String(odd));
      }
    });
  });
}

/** Words that write a configuration word through the system controller. a0 holds its address. */
function configWrite(endian: "little" | "big", address: number, value: number): number[] {
  const swap = (number: number): number =>
    endian === "little" ? number : Buffer.from(Uint32Array.of(number).buffer).readUInt32BE();
  // On a big-endian board PCI 0 Command is 0 at reset, and configuration data isn't swapped a second time.
  return [
    ...li(R.a1, swap(address)),
    asm("sw", R.a1, 0, R.a0),
    ...li(R.a1, value),
    asm("sw", R.a1, 4, R.a0),
  ];
}
