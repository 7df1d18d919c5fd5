// Tests snapshots of a whole board: the files that earlier versions wrote go on as the board that was saved would
// have, a restored board can be reset, and false data about the board is refused.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { Board } from "../../src/board/board.ts";
import { packProgram, unpackProgram } from "../../src/board/boot-program.ts";
import { swapped } from "../../src/board/bus.ts";
import { boardOf, restoreBoard, saveBoard } from "../../src/board/snapshot.ts";
import { Misuse } from "../../src/errors.ts";
import { saveProcessor } from "../../src/processor/snapshot.ts";
import { asm, ENDIANS, li, NOP, R } from "../cpu/guest.ts";
import { stateDigest } from "../processor/future.ts";
import { pastBoard, pastFile, SAVED_AT } from "./past.ts";
import { boardWith, ENTRY, RESULT, word } from "./program.ts";

const MORE = 2000;
const VERSIONS = ["6", "7", "8"] as const;

/**
 * The states of a board's devices. Those of PCI's functions are left out: what they hold at reset was other in the past,
 * and a restored board keeps what its guest has seen.
 */
function devicesOf(board: Board): unknown {
  const saved = board.devices.filter(({ name }) => !name.startsWith("pci-"));
  return saved.map(({ name, device }) => [name, device.save?.() ?? null]);
}

for (const endian of ENDIANS) {
  suite(`a ${endian}-endian board's snapshot`, () => {
    for (const version of VERSIONS) {
      test(`of version ${version} goes on`, () => {
        const whole = pastBoard(endian);
        whole.run({ instructions: SAVED_AT });
        whole.console.clear();
        const restored = boardOf(readFileSync(pastFile(version, endian)));
        for (const board of [whole, restored]) board.run({ instructions: MORE });
        assert.ok(whole.console.text.length > 100);
        assert.equal(restored.console.text, whole.console.text);
        assert.equal(stateDigest(restored.processor), stateDigest(whole.processor));
        assert.deepEqual(restored.state, whole.state);
        assert.deepEqual(devicesOf(restored), devicesOf(whole));
      });
    }

    test("can be reset: it boots its kernel again", () => {
      const board = boardWith(endian, []);
      const bytes = new Uint8Array(8);
      board.load({
        kernel: { endian, entry: ENTRY, segments: [{ physical: 0x2000, bytes, size: 16 }] },
        initrd: Uint8Array.of(1, 2, 3),
        append: "console=ttyS0",
      });
      const restored = boardOf(saveBoard(board));
      assert.ok(restored.canReset);
      for (const one of [board, restored]) one.run({ instructions: 10 });
      board.reset();
      restored.reset();
      assert.equal(restored.processor.pc, ENTRY);
      assert.equal(stateDigest(restored.processor), stateDigest(board.processor));
      const without = boardOf(saveBoard(board, { program: false }));
      assert.ok(!without.canReset);
    });

    test("has the places that a driver gave to PCI's devices", () => {
      const board = boardWith(endian, []);
      const [address, data] = [0x1be00cf8, 0x1be00cfc];
      const swap = (value: number): number => (endian === "big" ? swapped(value, 4) : value);
      for (const [word, value] of [
        [0x80005340, 0x1000], // power management at port 1000
        [0x80005380, 1],
      ] as const) {
        board.bus.write(address, 4, swap(word));
        board.bus.write(data, 4, value);
      }
      const port = board.bus.find(0x18001004);
      const restored = boardOf(saveBoard(board));
      assert.equal(restored.bus.find(0x18001004)?.address, port?.address);
      assert.equal(port?.address, 0x18001000);
      restored.reset();
      assert.notEqual(restored.bus.find(0x18001004)?.address, 0x18001000);
    });

    test("doesn't depend on how it is stored", () => {
      const board = pastBoard(endian);
      board.run({ instructions: 500 });
      const [stored, deflated] = [false, true].map((compressed) =>
        saveBoard(board, { compressed }),
      );
      assert.ok((stored?.length ?? 0) > (deflated?.length ?? 0));
      assert.deepEqual(
        saveBoard(boardOf(stored ?? new Uint8Array())),
        saveBoard(boardOf(deflated ?? new Uint8Array())),
      );
    });
  });
}

suite("what a snapshot says of its board", () => {
  const board = boardWith("little", [...li(R.t0, RESULT), asm("sw", R.t0, 0, R.t0), NOP]);
  board.run({ instructions: 3 });
  const note = JSON.parse(
    JSON.stringify({
      format: "farjal-board",
      version: 3,
      ...board.state,
      devices: Object.fromEntries(
        board.devices.map(({ name, device }) => [name, device.save?.() ?? null]),
      ),
    }),
  ) as Record<string, unknown> & { devices: Record<string, unknown> };
  const forged = (change: Record<string, unknown>): Uint8Array =>
    saveProcessor(board.processor, { note: Buffer.from(JSON.stringify({ ...note, ...change })) });

  test("is checked before the board changes", () => {
    restoreBoard(board, forged({}));
    const before = word(board, RESULT);
    const { ttyS0: _, ...fewer } = note.devices;
    for (const [change, message] of [
      [{ format: "board" }, /of a processor alone/],
      [{ version: 4 }, /of version 4; this farjal reads 1 to 3/],
      [{ version: 0 }, /of version 0/],
      [{ before: -1 }, /damaged \(its board\)/],
      [{ before: 0.5 }, /damaged \(its board\)/],
      [{ inputs: "0" }, /damaged \(its board\)/],
      [{ waiting: 1 }, /damaged \(its board\)/],
      [{ devices: null }, /damaged \(its board\)/],
      [{ devices: fewer }, /other devices, without ttyS0/],
      [{ devices: { ...note.devices, disk: 1 } }, /other devices, with disk/],
      [{ devices: { ...note.devices, ttyS0: 1 } }, /damaged \(the state of its device ttyS0\)/],
    ] as const) {
      assert.throws(() => restoreBoard(board, forged(change)), { name: "Misuse", message });
    }
    assert.equal(word(board, RESULT), before);
  });
});

suite("a kernel in a snapshot", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const program = {
    kernel: {
      endian: "big",
      entry: 0x80000400,
      segments: [{ physical: 0x400, bytes, size: 8 }],
    },
    initrd: Uint8Array.of(7),
    append: "a=1",
  } as const;

  test("is what it was", () => {
    const { initrd: _, ...bare } = program;
    for (const one of [program, bare]) {
      const { kernel, append, initrd } = unpackProgram(packProgram(one));
      assert.deepEqual([kernel.endian, kernel.entry, append], ["big", program.kernel.entry, "a=1"]);
      assert.deepEqual(
        kernel.segments.map((segment) => ({ ...segment, bytes: [...segment.bytes] })),
        [{ physical: 0x400, bytes: [...bytes], size: 8 }],
      );
      assert.deepEqual(initrd && [...initrd], one === program ? [7] : undefined);
    }
  });

  test("is refused when it is damaged anywhere", () => {
    const packed = packProgram(program);
    for (let size = 0; size < packed.length; size += 1) {
      assert.throws(() => unpackProgram(packed.subarray(0, size)), Misuse, String(size));
    }
    const segments = [{ physical: 0, bytes, size: 2 }];
    const lying = packProgram({ ...program, kernel: { ...program.kernel, segments } });
    assert.throws(() => unpackProgram(lying), /damaged \(its kernel\)/);
  });
});
