// Tests the network card through the board's bus, as a driver uses it: rings of descriptors in both directions, filters,
// interrupts, snapshots, and rings that lead nowhere. The layout of registers and descriptors is the data sheet's.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import { swapped } from "../../src/board/bus.ts";
import { EthernetLink } from "../../src/board/ethernet-link.ts";
import { boardOf, saveBoard } from "../../src/board/snapshot.ts";
import { asm, ENDIANS, NOP, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { boardWith } from "./program.ts";

const ADDRESS = "52:54:00:12:34:56";
const CARD = 0x18001000;
const BLOCK = 0x20000;
const RECEIVE = 0x21000;
const SEND = 0x22000;
const BUFFERS = 0x30000;
const ENTRIES = 4;
const LOOP = [asm("beq", R.zero, R.zero, -1), NOP];
const BROADCAST = Buffer.from("ffffffffffff525400aabbcc0806", "hex");

/** A driver's side of the card. */
class Driver {
  readonly board: Board;
  readonly sent: Buffer[] = [];

  constructor(endian: "little" | "big") {
    this.board = boardWith(endian, LOOP, { network: ADDRESS });
    this.listen();
    const swap = (value: number): number => (endian === "big" ? swapped(value, 4) : value);
    for (const [word, value] of [
      [0x80005810, 0x1000],
      [0x80005804, 5],
    ] as const) {
      this.board.bus.write(0x1be00cf8, 4, swap(word));
      this.board.bus.write(0x1be00cfc, 4, value);
    }
  }

  listen(): void {
    if (this.board.network === undefined) return;
    this.board.network.onFrame = (frame) => this.sent.push(Buffer.from(frame));
  }

  port(offset: number, value?: number): number {
    const swap = (word: number): number => (this.board.endian === "big" ? swapped(word, 2) : word);
    if (value === undefined) return swap(this.board.bus.read(CARD + offset, 2) ?? 0);
    this.board.bus.write(CARD + offset, 2, swap(value));
    return value;
  }

  csr(register: number, value?: number): number {
    this.port(0x12, register);
    return this.port(0x10, value);
  }

  memory(address: number, bytes: Uint8Array): void {
    this.board.processor.writeBytes(address, bytes);
  }

  word(address: number): number {
    return Buffer.from(this.board.processor.readBytes(address, 4)).readUInt32LE();
  }

  descriptor(ring: number, index: number, address: number, size: number, status: number): void {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32LE(address >>> 0, 0);
    bytes.writeInt16LE(-size, 4);
    bytes.writeUInt16LE(status, 6);
    this.memory(ring + 16 * index, bytes);
  }

  status(ring: number, index: number): number {
    return this.word(ring + 16 * index + 4) >>> 16;
  }

  /** Initializes and starts the card with the receiver's rings full of empty buffers. */
  start(mode = 0, filter = 0n): void {
    const block = Buffer.alloc(28);
    block.writeUInt16LE(mode, 0);
    block.writeUInt16LE((2 << 12) | (2 << 4), 2);
    block.set(Buffer.from(ADDRESS.replaceAll(":", ""), "hex"), 4);
    block.writeBigUInt64LE(filter, 12);
    block.writeUInt32LE(RECEIVE, 20);
    block.writeUInt32LE(SEND, 24);
    this.memory(BLOCK, block);
    for (let index = 0; index < ENTRIES; index += 1) {
      this.descriptor(RECEIVE, index, BUFFERS + 0x800 * index, 0x600, 0x8000);
    }
    this.csr(1, BLOCK & 0xffff);
    this.csr(2, BLOCK >>> 16);
    this.csr(0, 1);
    assert.equal(this.csr(0) & 0x0100, 0x0100);
    this.csr(0, 0x0142);
  }
}

for (const endian of ENDIANS) {
  suite(`the network card on a ${endian}-endian board`, () => {
    test("has its address and its type", () => {
      const driver = new Driver(endian);
      const bytes = [0, 1, 2, 3, 4, 5].map((at) => driver.board.bus.read(CARD + at, 1));
      assert.deepEqual(bytes, [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);
      assert.equal(driver.csr(0), 4);
      assert.equal(((driver.csr(89) << 16) | driver.csr(88)) >>> 12, 0x2621);
      assert.equal(driver.csr(12), 0x5452);
    });

    test("sends frames of one and of several buffers, one after the other", () => {
      const driver = new Driver(endian);
      driver.start();
      const frame = Buffer.from(Array.from({ length: 100 }, (_, at) => at));
      driver.memory(BUFFERS + 0x4000, frame);
      driver.descriptor(SEND, 0, BUFFERS + 0x4000, 60, 0x8300);
      driver.descriptor(SEND, 1, BUFFERS + 0x4000, 64, 0x8200);
      driver.descriptor(SEND, 2, BUFFERS + 0x4040, 36, 0x8100);
      driver.csr(0, 0x48);
      assert.equal(driver.sent.length, 0);
      driver.board.run({ instructions: 3000 });
      assert.deepEqual(driver.sent, [frame.subarray(0, 60), frame]);
      assert.deepEqual(
        [0, 1, 2].map((index) => driver.status(SEND, index)),
        [0x0300, 0x0200, 0x0100],
      );
      assert.equal(driver.csr(0), 0x02f3); // TINT, INTR, INEA, RXON, TXON, STRT, INIT
      assert.equal((driver.board.bus.read(0x180000a0, 1) ?? 0) & 4, 4); // IRR of line 10
      driver.csr(0, 0x0240);
      assert.equal(driver.csr(0), 0x0073);
    });

    test("receives what is for it, with a checksum", () => {
      const driver = new Driver(endian);
      const card = driver.board.network;
      assert.equal(card?.receive(BROADCAST), false); // not started
      driver.start();
      const own = Buffer.concat([Buffer.from("525400123456", "hex"), Buffer.alloc(70, 7)]);
      const other = Buffer.concat([Buffer.from("525400123457", "hex"), Buffer.alloc(70, 7)]);
      assert.deepEqual(
        [own, other, BROADCAST].map((frame) => card?.receive(frame)),
        [true, false, true],
      );
      assert.equal(driver.status(RECEIVE, 0), 0x0300);
      assert.equal(driver.word(RECEIVE + 8), own.length + 4);
      assert.deepEqual(Buffer.from(driver.board.processor.readBytes(BUFFERS, own.length)), own);
      assert.equal(driver.word(RECEIVE + 16 + 8), 64); // padded to the shortest frame
      // The checksum of 60 bytes: the residue of the whole frame is Ethernet's constant.
      assert.equal(residue(driver.board.processor.readBytes(BUFFERS + 0x800, 64)), 0xdebb20e3);
      assert.equal(driver.csr(0) & 0x0400, 0x0400);
      for (let left = 0; left < 2; left += 1) assert.equal(card?.receive(BROADCAST), true);
      assert.equal(card?.receive(BROADCAST), false);
      assert.equal(driver.csr(0) & 0x9000, 0x9000); // MISS and ERR
    });

    test("takes groups by their hash, and everything when it is told to", () => {
      const group = Buffer.from("01005e000001525400aabbcc0800", "hex");
      // The upper six bits of the checksum of 01:00:5e:00:00:01 select bit 26.
      const hash = residue(group.subarray(0, 6)) >>> 26;
      const taken = (mode: number, filter: bigint) => {
        const driver = new Driver(endian);
        driver.start(mode, filter);
        return driver.board.network?.receive(group);
      };
      assert.equal(taken(0, 0n), false);
      assert.equal(taken(0, 1n << BigInt(hash)), true);
      assert.equal(taken(0, ~(1n << BigInt(hash)) & 0xffffffffffffffffn), false);
      assert.equal(taken(0x8000, 0n), true);
    });

    test("splits a frame over several buffers, or says that it doesn't fit", () => {
      const driver = new Driver(endian);
      driver.start();
      driver.descriptor(RECEIVE, 0, BUFFERS, 64, 0x8000);
      driver.descriptor(RECEIVE, 1, BUFFERS + 0x800, 64, 0x8000);
      driver.descriptor(RECEIVE, 2, BUFFERS, 64, 0);
      const frame = Buffer.concat([BROADCAST, Buffer.alloc(90, 3)]);
      assert.equal(driver.board.network?.receive(frame), true);
      assert.deepEqual(
        [0, 1].map((index) => driver.status(RECEIVE, index)),
        [0x0200, 0x0100],
      );
      assert.equal(driver.word(RECEIVE + 16 + 8), 108);
      driver.descriptor(RECEIVE, 2, BUFFERS, 64, 0x8000);
      driver.descriptor(RECEIVE, 3, BUFFERS, 64, 0);
      assert.equal(driver.board.network?.receive(frame), true);
      assert.equal(driver.status(RECEIVE, 2), 0x4600);
    });

    test("goes on from a snapshot while it sends", () => {
      const driver = new Driver(endian);
      driver.start();
      driver.memory(BUFFERS, BROADCAST);
      driver.descriptor(SEND, 0, BUFFERS, 60, 0x8300);
      driver.csr(0, 0x48);
      driver.board.run({ instructions: 100 });
      const saved = saveBoard(driver.board);
      const copy = Object.assign(Object.create(Driver.prototype), {
        board: boardOf(saved, { network: ADDRESS }),
        sent: [],
      }) as Driver;
      copy.listen();
      for (const one of [driver, copy]) {
        one.board.run({ instructions: 2000 });
        assert.equal(one.sent.length, 1);
      }
      assert.deepEqual(saveBoard(copy.board), saveBoard(driver.board));
      assert.throws(() => boardOf(saved), /other devices/);
      assert.throws(
        () => boardOf(saved, { network: "52:54:00:12:34:57" }),
        /the address 525400123456/,
      );
    });

    test("survives rings that lead nowhere or never end", () => {
      const driver = new Driver(endian);
      driver.start();
      for (let index = 0; index < ENTRIES; index += 1)
        driver.descriptor(SEND, index, 0xfffffff0, 4095, 0x8000);
      driver.csr(0, 0x48);
      driver.board.run({ instructions: 200_000 });
      const random = new Random(7);
      for (let round = 0; round < 3000; round += 1) {
        if (random.oneIn(4)) driver.csr(random.below(128), random.below(65536));
        else if (random.oneIn(3)) driver.csr(0, random.below(128));
        else if (random.oneIn(2))
          driver.memory(BLOCK + random.below(0x12000), Uint8Array.of(random.below(256)));
        else driver.board.network?.receive(new Uint8Array(random.below(5000)).fill(255));
        if (round % 10 === 0) driver.board.run({ instructions: 500 });
      }
    });
  });
}

suite("a link between two boards", () => {
  test("carries frames a turn later, and the same in each run", () => {
    const run = () => {
      const [one, other] = [new Driver("little"), new Driver("big")];
      const link = new EthernetLink(one.board, other.board);
      for (const driver of [one, other]) driver.start();
      one.memory(BUFFERS + 0x4000, BROADCAST);
      one.descriptor(SEND, 0, BUFFERS + 0x4000, 60, 0x8300);
      one.csr(0, 0x48);
      assert.equal(link.run(0.001), null);
      assert.equal(other.status(RECEIVE, 0), 0x8000);
      assert.equal(link.run(0.0015), null);
      assert.equal(other.status(RECEIVE, 0), 0x0300);
      assert.equal(link.lost, 0);
      assert.deepEqual([one.board.now, other.board.now], [250_000, 250_000]);
      return [one, other].map(({ board }) => saveBoard(board));
    };
    assert.deepEqual(run(), run());
  });

  test("needs a card at each end, with a proper address", () => {
    const without = boardWith("little", LOOP);
    const { board } = new Driver("little");
    assert.throws(() => new EthernetLink(board, without), /no network card/);
    for (const network of ["", "1:2:3", "01:00:5e:00:00:01", "52:54:00:12:34:5g"]) {
      assert.throws(() => Board.create({ endian: "little", network }), /no address/);
    }
  });
});

/** CRC-32 bit by bit, without its last inversion. */
function residue(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb88320 : 0);
  }
  return crc >>> 0;
}
