// Compares Malta's devices with QEMU's, access by access: random reads and writes of their registers go to the board's
// bus and, through QEMU's qtest protocol, to QEMU's own bus, while no instruction runs and no time passes. Each read
// must give the same value. Left out are registers that time or a host's date changes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import { qemuSkip } from "../support/qemu-malta.ts";
import { Random } from "../support/random.ts";
import { thorough } from "../support/thorough.ts";

const PORTS = 0x18000000;
const CONTROLLER = 0x1be00000;
const ACCESSES = thorough ? 5000 : 1500;

interface Access {
  readonly address: number;
  readonly size: 1 | 2 | 4;
  /** Absent for a read. */
  readonly value?: number;
}

type Draw = (random: Random) => readonly Access[];

const read = (address: number, size: 1 | 2 | 4 = 1): Access => ({ address, size });
const write = (address: number, value: number, size: 1 | 2 | 4 = 1): Access => ({
  address,
  size,
  value: value >>> 0,
});
const oneOf = <T>(random: Random, values: readonly T[]): T =>
  values[random.below(values.length)] as T;

/** Reads or writes one of some byte registers. */
const bytes =
  (...ports: readonly number[]): Draw =>
  (random) => {
    const address = PORTS + oneOf(random, ports);
    return [random.below(2) === 0 ? read(address) : write(address, random.below(256))];
  };

/** What Malta's monitor does before a kernel runs: the controller's registers at their place, and its decoders. */
const MONITOR: readonly Access[] = [
  write(0x14000068, 0xdf, 4),
  ...[
    [0x48, 0xc0],
    [0x50, 0x40],
    [0x58, 0x80],
    [0x60, 0x3f],
    [0x80, 0xc1],
    [0x88, 0x5e],
  ].map(([offset = 0, value = 0]) => write(CONTROLLER + offset, value, 4)),
];

const pci = (fn: number, word: number): Access =>
  write(CONTROLLER + 0xcf8, 0x80000000 | (fn << 8) | (word << 2), 4);

const DEVICES: Readonly<Record<string, Draw>> = {
  "the interrupt controllers": bytes(0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1),
  "the keyboard controller": (random) => {
    const address = PORTS + oneOf(random, [0x60, 0x64]);
    if (random.below(2) === 0) return [read(address)];
    const value = random.below(256);
    // Not those that reset the machine: the output port's write, and pulses.
    const resets = address === PORTS + 0x64 && (value === 0xd1 || value >= 0xf0);
    return resets ? [] : [write(address, value)];
  },
  "a serial port": (random) => {
    const register = random.below(8);
    const address = PORTS + 0x3f8 + register;
    if (random.below(2) === 0) return [read(address)];
    // Without MCR's loopback bit nothing is received.
    return [write(address, random.below(register === 4 ? 0x10 : 256))];
  },
  "the clock's memory": (random) => {
    const index = 0x0e + random.below(0x24);
    const data = PORTS + 0x71;
    return [
      write(PORTS + 0x70, index),
      random.below(2) === 0 ? read(data) : write(data, random.below(256)),
    ];
  },
  "PCI's configuration": (random) => {
    const fn = oneOf(random, [0, 0x50, 0x51, 0x52, 0x53, 0x08, 0xf8]);
    const word = random.below(64);
    return [pci(fn, word), read(CONTROLLER + 0xcfc, 4)];
  },
  "the board's logic": (random) => {
    const offset = oneOf(random, [0x200, 0x208, 0x210, 0x408, 0x410, 0x508, 0xb00, 0xb08]);
    return [read(0x1f000000 + offset, 4)];
  },
};

class Qemu {
  readonly #child = spawn(
    "qemu-system-mipsel",
    "-M malta -cpu 24Kc -S -qtest stdio -qtest-log /dev/null -display none -nic none -vga none -bios /dev/zero".split(
      " ",
    ),
    { stdio: ["pipe", "pipe", "ignore"] },
  );

  /** @returns the values of the reads. */
  async answers(accesses: readonly Access[]): Promise<number[]> {
    const letter = { 1: "b", 2: "w", 4: "l" } as const;
    const lines = accesses.map(({ address, size, value }) =>
      value === undefined
        ? `read${letter[size]} 0x${address.toString(16)}`
        : `write${letter[size]} 0x${address.toString(16)} 0x${value.toString(16)}`,
    );
    this.#child.stdin.write(`${lines.join("\n")}\n`);
    const values: number[] = [];
    let left = accesses.length;
    for await (const line of createInterface(this.#child.stdout)) {
      if (!line.startsWith("OK")) continue;
      const [, value] = line.split(" ");
      if (value !== undefined) values.push(Number(value));
      left -= 1;
      if (left === 0) break;
    }
    this.#child.kill("SIGKILL");
    await once(this.#child, "close");
    return values;
  }
}

suite("Malta's devices beside QEMU's", { skip: qemuSkip }, () => {
  for (const [name, draw] of Object.entries(DEVICES)) {
    test(name, async () => {
      const random = new Random(11);
      const accesses = [...MONITOR, ...Array.from({ length: ACCESSES }, () => draw(random)).flat()];
      const board = Board.create({ endian: "little" });
      const ours: number[] = [];
      const trail: string[] = [];
      const theirs = await new Qemu().answers(accesses);
      for (const { address, size, value } of accesses) {
        const at = `${address.toString(16)}/${size}`;
        if (value === undefined) {
          ours.push(board.bus.read(address, size) ?? 0);
          trail.push(`read ${at} ${ours.at(-1)?.toString(16)}`);
          const wanted = theirs[ours.length - 1];
          assert.equal(
            ours.at(-1)?.toString(16),
            wanted?.toString(16),
            trail.slice(-14).join("\n"),
          );
        } else {
          board.bus.write(address, size, value);
          trail.push(`write ${at} ${value.toString(16)}`);
        }
      }
      assert.ok(ours.length > ACCESSES / 4);
    });
  }
});
