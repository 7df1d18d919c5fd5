// Tests where a board has its memory: the first 256 MiB at 0, all of it at 0x80000000, and what is above 512 MiB at its
// own distance from 0 too, for the processor and for devices. The addresses are those of QEMU's Malta
// (hw/mips/malta.c), as is what the boot loader tells the kernel of them.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import type { Device, DevicePort } from "../../src/board/device.ts";
import { boardOf, saveBoard } from "../../src/board/snapshot.ts";
import { Words } from "../../src/bytes/words.ts";
import { ENGINES } from "../../src/processor/engine.ts";
import { asm, ENDIANS, li, NOP, R } from "../cpu/guest.ts";
import { boardWith, ENTRY, put, word } from "./program.ts";

const MIB = 1 << 20;
const GIB = 1024 * MIB;
const ENTRY_LO_0 = 2;
const ENTRY_LO_1 = 3;
const ENTRY_HI = 10;
const CAUSE = 13;
const VALID_DIRTY = 6;
const DATA_BUS_ERROR = 7;
/** A guest address that the TLB maps. */
const PAGE = 0x2000;
const VALUE = 0x12345678;
const LOOP = [asm("beq", R.zero, R.zero, -1), NOP];

/** Stores VALUE at PAGE, and loads it into a1. */
const ACCESS = [
  ...li(R.t0, PAGE),
  ...li(R.t1, VALUE),
  asm("sw", R.t1, 0, R.t0),
  asm("lw", R.a1, 0, R.t0),
];

function map(board: Board, physical: number): void {
  const { processor } = board;
  processor.setCp0(ENTRY_HI, 0, PAGE);
  processor.setCp0(ENTRY_LO_0, 0, (Math.floor(physical / 4096) << 6) | VALID_DIRTY);
  processor.setCp0(ENTRY_LO_1, 0, 0);
  put(board, ENTRY - 4, [asm("tlbwi")]);
  processor.pc = ENTRY - 4;
  board.run({ instructions: 1 });
}

/** Does ACCESS at a physical address. @returns the offset in RAM of what it wrote, or the exception. */
function placeOf(board: Board, physical: number): number | string {
  map(board, physical);
  put(board, 0x80000180, LOOP);
  board.run({ instructions: ACCESS.length });
  const place = board.processor.physicalOf(PAGE, true);
  if (place === undefined) return `exception ${(board.processor.cp0(CAUSE) >>> 2) & 31}`;
  assert.equal(board.processor.ramWord(place), VALUE);
  assert.equal(board.processor.gpr(R.a1), VALUE);
  return place;
}

for (const endian of ENDIANS) {
  suite(`a ${endian}-endian board's memory`, () => {
    for (const [memory, physical, place] of [
      [256 * MIB, 0x0fff_f000, 0x0fff_f000],
      [256 * MIB, 0x8000_4000, 0x4000],
      [256 * MIB, 0x9000_0000, `exception ${DATA_BUS_ERROR}`],
      [512 * MIB, 0x9000_0000, 0x1000_0000],
      [512 * MIB, 0x2000_0000, `exception ${DATA_BUS_ERROR}`],
      [GIB, 0x1d00_0000, `exception ${DATA_BUS_ERROR}`],
      [GIB, 0x2000_0000, 0x2000_0000],
      [GIB, 0xbfff_f000, 0x3fff_f000],
      [GIB, 0xc000_0000, `exception ${DATA_BUS_ERROR}`],
      [2 * GIB, 0xffff_f000, 0x7fff_f000],
      [2 * GIB, 0x7fff_f000, 0x7fff_f000],
    ] as const) {
      test(`of ${memory / MIB} MiB at 0x${physical.toString(16)}`, () => {
        assert.equal(placeOf(boardWith(endian, ACCESS, { memory }), physical), place);
      });
    }

    test("of one place has two addresses, and its devices are between them", () => {
      const board = boardWith(endian, ACCESS, { memory: GIB });
      placeOf(board, 0x8001_0000);
      assert.equal(word(board, 0x8001_0000), VALUE);
      const log = board.attach(0x1c00_0000, 4096, { read: () => 7, write: () => undefined });
      map(board, 0x1c00_0000);
      board.run({ instructions: ACCESS.length });
      assert.deepEqual(
        log.accesses.map(({ kind, offset }) => [kind, offset]),
        [
          ["write", 0],
          ["read", 0],
        ],
      );
    });

    test("is the same for devices", () => {
      const board = boardWith(endian, [], { memory: GIB });
      let port: DevicePort | undefined;
      const device: Device = {
        read: () => 0,
        write: () => undefined,
        connect: (to) => (port = to),
      };
      board.attach(0x1c00_0000, 4, device);
      const bytes = Uint8Array.of(1, 2, 3, 4);
      port?.memory.write(0x9000_0ffe, bytes); // over the end of a page
      assert.deepEqual([...board.processor.readBytes(0x1000_0ffe, 4)], [...bytes]);
      assert.deepEqual([...(port?.memory.read(0x9000_0ffe, 4) ?? [])], [...bytes]);
      board.processor.writeBytes(0x0fff_fffe, bytes);
      assert.deepEqual([...(port?.memory.read(0x0fff_fffe, 4) ?? [])], [1, 2, 0xff, 0xff]);
      port?.memory.write(0x1800_0000, bytes);
      assert.deepEqual([...board.processor.readBytes(0x1800_0000, 4)], [0, 0, 0, 0]);
    });

    test("is the same for each engine, and in a snapshot", () => {
      // Writes words over four pages, from code in kseg0, again and again.
      const program = [
        ...li(R.t0, PAGE),
        ...li(R.t2, PAGE + 4096),
        asm("sw", R.t1, 0, R.t0),
        asm("addiu", R.t0, R.t0, 4),
        asm("bne", R.t0, R.t2, -3),
        asm("addiu", R.t1, R.t1, 3),
        ...LOOP,
      ];
      const place = 0x1400_0000;
      const boards = ENGINES.map((engine) => {
        const board = boardWith(endian, program, { memory: 512 * MIB, engine });
        map(board, 0x8000_0000 + place);
        for (let round = 0; round < 40; round += 1) {
          board.processor.pc = ENTRY;
          board.run({ instructions: 4200 });
        }
        return board;
      });
      const [first] = boards;
      assert.ok(first);
      const stateOf = ({ processor }: Board) => [
        ...[processor.count, processor.pc, processor.gpr(R.t0), processor.gpr(R.t1)],
        processor.readBytes(place, 4096),
      ];
      for (const board of boards) assert.deepEqual(stateOf(board), stateOf(first));
      assert.equal(first.processor.ramWord(place + 4), 3 + 3 * 1024 * 39);
      assert.deepEqual(stateOf(boardOf(saveBoard(first))), stateOf(first));
    });
  });
}

suite("the boot loader of a board with much memory", () => {
  const kernel = (physical: number) => ({
    endian: "little" as const,
    entry: 0x80100000,
    segments: [{ physical, bytes: Uint8Array.of(1), size: 0x1000 }],
  });

  test("tells the kernel of both its parts", () => {
    const board = Board.create({ endian: "little", memory: GIB });
    board.load({ kernel: kernel(0x100000), initrd: new Uint8Array(5000), append: "quiet" });
    const { processor } = board;
    const words = new Words(processor.readBytes(0x2000, 0x400), "little");
    const texts: string[] = [];
    for (let at = 0; texts.length < 6; at += 4) {
      if (words.u32(at) === 0) continue;
      const from = words.u32(at) - 0x80000000;
      const bytes = processor.readBytes(from, 200);
      texts.push(Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString("latin1"));
    }
    assert.match(texts[1] ?? "", /^rd_start=0xffffffff8ffe0000 rd_size=5000 quiet$/);
    assert.deepEqual(texts.slice(2, 6), ["memsize", "268435456", "ememsize", "1073741824"]);
    assert.equal(processor.gpr(R.a3), 256 * MIB);
  });

  test("puts the kernel below the devices", () => {
    const board = Board.create({ endian: "little", memory: GIB });
    assert.throws(() => board.load({ kernel: kernel(256 * MIB), append: "" }), {
      name: "Misuse",
      message:
        "there is no room for the kernel in the first 256 MiB of memory; Malta's devices begin there",
    });
  });

  test("refuses more than Malta can have", () => {
    for (const memory of [2 * GIB + 65536, 0, 1000, Number.NaN]) {
      assert.throws(() => Board.create({ endian: "little", memory }), { name: "Misuse" });
    }
  });
});
