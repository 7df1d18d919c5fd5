// Tests the IDE disks through the board's bus, as a driver uses them: commands of the processor and of the bus master,
// errors, snapshots in the middle of a command, and hostile tables. The values of registers and words are ATA-6's.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Board } from "../../src/board/board.ts";
import { swapped } from "../../src/board/bus.ts";
import { Disk } from "../../src/board/disk.ts";
import { boardOf, restoreBoard, saveBoard } from "../../src/board/snapshot.ts";
import { asm, ENDIANS, NOP, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { boardWith } from "./program.ts";

const PORTS = 0x18000000;
const TASK_FILE = PORTS + 0x1f0;
const STATUS = 7;
const CONTROL = PORTS + 0x3f6;
const MASTER = PORTS + 0x1000;
const SECTORS = 300;
const READY = 0x50;
const DATA_READY = 0x58;
const FAILED = 0x51;
/** Where the tests' regions for DMA are. */
const TABLE = 0x20000;
const REGION = 0x30000;
const LOOP = [asm("beq", R.zero, R.zero, -1), NOP];

function image(): Uint8Array {
  const bytes = new Uint8Array(SECTORS * 512);
  const random = new Random(5);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random.below(256);
  return bytes;
}

/** A driver's side of the first channel. */
class Driver {
  readonly board: Board;
  readonly disk: Disk;

  constructor(endian: "little" | "big", second?: Disk) {
    this.disk = new Disk(image());
    this.board = boardWith(endian, LOOP, { disks: [this.disk, second] });
    // PCI: the bus master's ports at 1000, and the function's ports on
    const swap = (value: number): number => (endian === "big" ? swapped(value, 4) : value);
    for (const [word, value] of [
      [0x80005120, 0x1000],
      [0x80005104, 5],
    ] as const) {
      this.board.bus.write(0x1be00cf8, 4, swap(word));
      this.board.bus.write(0x1be00cfc, 4, value);
    }
  }

  read(offset: number): number {
    return this.board.bus.read(TASK_FILE + offset, 1) ?? -1;
  }

  write(offset: number, value: number): void {
    this.board.bus.write(TASK_FILE + offset, 1, value);
  }

  /** Gives a command for some sectors, and waits until the disk isn't busy. @returns the status. */
  command(code: number, first = 0, count = 1, wide = false): number {
    if (wide) {
      this.write(2, count >>> 8);
      for (const offset of [3, 4, 5]) this.write(offset, 0);
    }
    this.write(2, count);
    for (const offset of [3, 4, 5]) this.write(offset, first >>> (8 * (offset - 3)));
    this.write(6, 0xe0 | (wide ? 0 : first >>> 24));
    this.write(7, code);
    return this.settle();
  }

  settle(): number {
    for (let waits = 0; waits < 100; waits += 1) {
      const status = this.board.bus.read(CONTROL, 1) ?? 0;
      if ((status & 0x80) === 0) return status;
      this.board.run({ instructions: 2000 });
    }
    throw new Error("the disk stays busy");
  }

  /** Reads data as a driver does, in the order of the bytes on the disk. */
  take(count: number, size: 2 | 4): number[] {
    const bytes: number[] = [];
    for (let at = 0; at < count; at += size) {
      const value = this.board.bus.read(TASK_FILE, size) ?? 0;
      const word = this.board.endian === "big" ? swapped(value, size) : value;
      for (let byte = 0; byte < size; byte += 1) bytes.push((word >>> (8 * byte)) & 0xff);
    }
    return bytes;
  }

  give(bytes: Uint8Array, size: 2 | 4): void {
    for (let at = 0; at < bytes.length; at += size) {
      let value = 0;
      for (let byte = size - 1; byte >= 0; byte -= 1) value = value * 256 + (bytes[at + byte] ?? 0);
      const word = this.board.endian === "big" ? swapped(value, size) : value;
      this.board.bus.write(TASK_FILE, size, word);
    }
  }

  /** Puts a table of regions into memory, and its address into the bus master. */
  table(entries: readonly (readonly [address: number, size: number, last?: boolean])[]): void {
    const bytes = Buffer.alloc(8 * entries.length);
    entries.forEach(([address, size, last = false], index) => {
      bytes.writeUInt32LE(address >>> 0, 8 * index);
      bytes.writeUInt32LE(((size & 0xffff) + (last ? 0x80000000 : 0)) >>> 0, 8 * index + 4);
    });
    this.board.processor.writeBytes(TABLE, bytes);
    const address = this.board.endian === "big" ? swapped(TABLE, 4) : TABLE;
    this.board.bus.write(MASTER + 4, 4, address);
  }

  /** Runs a DMA command. @returns the disk's status and the bus master's. */
  dma(code: number, first: number, count: number): readonly [number, number] {
    this.board.bus.write(MASTER + 2, 1, 6);
    this.write(2, count);
    for (const offset of [3, 4, 5]) this.write(offset, first >>> (8 * (offset - 3)));
    this.write(6, 0xe0);
    this.write(7, code);
    this.board.bus.write(MASTER, 1, code === 0xc8 ? 9 : 1);
    const status = this.settle();
    const master = this.board.bus.read(MASTER + 2, 1) ?? 0;
    this.board.bus.write(MASTER, 1, 0);
    return [status, master];
  }
}

for (const endian of ENDIANS) {
  suite(`IDE on a ${endian}-endian board`, () => {
    test("says what it is", () => {
      const driver = new Driver(endian);
      assert.equal(driver.command(0xec), DATA_READY);
      const words = new Uint16Array(Uint8Array.from(driver.take(512, 2)).buffer);
      assert.equal(driver.settle(), READY);
      assert.equal((words[60] ?? 0) + (words[61] ?? 0) * 65536, SECTORS);
      assert.equal(words[100], SECTORS);
      const model = [...words.subarray(27, 47)].map((word) =>
        String.fromCharCode(word >> 8, word & 255),
      );
      assert.equal(model.join("").trim(), "FARJAL HARDDISK");
    });

    test("has no second disk, and nothing at the second channel", () => {
      const driver = new Driver(endian);
      driver.write(6, 0xb0);
      driver.write(7, 0xec);
      assert.equal(driver.read(STATUS), 0);
      driver.write(6, 0xa0);
      assert.equal(driver.read(STATUS), READY);
      assert.equal(driver.board.bus.read(PORTS + 0x177, 1), 0);
    });

    for (const [name, read, write, count, size] of [
      ["single sectors", 0x20, 0x30, 3, 2],
      ["several sectors", 0xc4, 0xc5, 20, 4],
    ] as const) {
      test(`reads and writes ${name} by the processor`, () => {
        const driver = new Driver(endian);
        const expected = [...image().subarray(7 * 512, (7 + count) * 512)];
        const piece = read === 0xc4 ? 16 : 1;
        assert.equal(driver.command(read, 7, count), DATA_READY);
        const got: number[] = [];
        for (let left = count; left > 0; left -= piece) {
          assert.equal(driver.settle(), DATA_READY);
          got.push(...driver.take(Math.min(left, piece) * 512, size));
        }
        assert.equal(driver.settle(), READY);
        assert.deepEqual(got, expected);
        const bytes = Uint8Array.from({ length: count * 512 }, (_, at) => at * 3);
        assert.equal(driver.command(write, 100, count), DATA_READY);
        for (let at = 0; at < bytes.length; at += piece * 512) {
          assert.equal(driver.settle(), DATA_READY);
          driver.give(bytes.subarray(at, at + piece * 512), size);
        }
        assert.equal(driver.settle(), READY);
        assert.deepEqual(driver.disk.read(100 * 512, bytes.length), bytes);
        assert.deepEqual(driver.disk.read(99 * 512, 512), image().subarray(99 * 512, 100 * 512));
      });
    }

    test("moves sectors between memory and the disk by the bus master", () => {
      const driver = new Driver(endian);
      driver.table([
        [REGION, 1000],
        [REGION + 0x1000, 24],
        [REGION + 0x2000, 512, true],
      ]);
      assert.deepEqual(driver.dma(0xc8, 20, 3), [READY, 4]);
      const { processor } = driver.board;
      const expected = image().subarray(20 * 512, 23 * 512);
      assert.deepEqual(processor.readBytes(REGION, 1000), expected.slice(0, 1000));
      assert.deepEqual(processor.readBytes(REGION + 0x1000, 24), expected.slice(1000, 1024));
      assert.deepEqual(processor.readBytes(REGION + 0x2000, 512), expected.slice(1024));
      assert.deepEqual(driver.dma(0xca, 50, 3), [READY, 4]);
      assert.deepEqual(driver.disk.read(50 * 512, 3 * 512), expected);
    });

    test("reports what it can't do", () => {
      const driver = new Driver(endian);
      const error = () => driver.read(1);
      assert.equal(driver.command(0x20, SECTORS, 1), FAILED);
      assert.equal(error(), 0x10);
      assert.equal(driver.command(0xc8, SECTORS - 1, 2), FAILED);
      assert.equal(error(), 0x10);
      assert.equal(driver.command(0xa1), FAILED); // no packet device
      assert.equal(error(), 0x04);
      assert.equal(driver.command(0xf8), READY); // the greatest address
      assert.equal(driver.read(3) + driver.read(4) * 256, SECTORS - 1);
    });

    test("goes on from a snapshot in the middle of a command", () => {
      const driver = new Driver(endian);
      driver.disk.write(0, Uint8Array.of(1, 2, 3));
      driver.command(0xc4, 0, 20);
      const first = driver.take(500, 2);
      const saved = saveBoard(driver.board);
      const restored = boardOf(saved, { disks: [new Disk(image())] });
      const copy = Object.assign(Object.create(Driver.prototype), { board: restored }) as Driver;
      for (const one of [driver, copy]) {
        const bytes = [...first, ...one.take(16 * 512 - 500, 2)];
        assert.equal(one.settle(), DATA_READY);
        bytes.push(...one.take(4 * 512, 2));
        assert.deepEqual(bytes.slice(0, 3), [1, 2, 3]);
        assert.deepEqual(bytes.slice(3), [...image().subarray(3, 20 * 512)]);
      }
      assert.deepEqual(saveBoard(restored), saveBoard(driver.board));
    });

    test("keeps hostile tables inside memory, and their work bounded", () => {
      const driver = new Driver(endian);
      driver.table([[0xfffffffe, 0, true]]);
      assert.equal(driver.dma(0xc8, 0, 128)[0], READY);
      driver.table(Array.from({ length: 8192 }, () => [REGION, 2] as const));
      assert.deepEqual(driver.dma(0xc8, 0, 128), [FAILED, 6]);
      driver.table([[REGION, 2, true]]);
      assert.deepEqual(driver.dma(0xca, 0, 1), [FAILED, 6]);
      driver.board.bus.write(MASTER + 4, 4, 0xfcffffff);
      driver.dma(0xc8, 0, 256);
    });
  });
}

test("a command stays with its disk when the other one is selected", () => {
  const small = new Disk(new Uint8Array(512));
  const driver = new Driver("little", small);
  driver.table([[REGION, 1024, true]]);
  driver.board.processor.writeBytes(REGION, Buffer.alloc(1024, 7));
  driver.write(2, 2);
  for (const offset of [3, 4, 5]) driver.write(offset, offset === 3 ? 200 : 0);
  driver.write(6, 0xe0);
  driver.write(7, 0xca);
  driver.board.bus.write(MASTER, 1, 1);
  driver.write(6, 0xf0);
  assert.equal(driver.settle(), READY);
  assert.deepEqual(driver.disk.read(200 * 512, 1024), new Uint8Array(1024).fill(7));
  assert.equal(small.changedBytes, 0);
});

test("a snapshot needs the same disks", () => {
  const board = boardWith("little", LOOP, { disks: [new Disk(image())] });
  const saved = saveBoard(board);
  assert.throws(() => boardOf(saved), /other devices, with hda/);
  const other = image();
  other[0] = (other[0] ?? 0) ^ 1;
  const message = /another image in its disk/;
  assert.throws(() => boardOf(saved, { disks: [new Disk(other)] }), message);
  const second = boardWith("little", LOOP, { disks: [new Disk(other)] });
  const before = saveBoard(second);
  assert.throws(() => restoreBoard(second, saved), message);
  assert.deepEqual(saveBoard(second), before);
});

test("a disk has whole sectors", () => {
  for (const size of [0, 511, 513]) {
    assert.throws(() => new Disk(new Uint8Array(size)), /a whole number of sectors/);
  }
  const source = { size: 2 ** 37 + 512, read: () => new Uint8Array(), close: () => undefined };
  assert.throws(() => new Disk(source), /at most 128 GiB/);
});
