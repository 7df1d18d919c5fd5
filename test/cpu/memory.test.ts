// Tests loads, stores and fetches: byte order, page tables, rewritten code, ll and sc; and that no address leads out
// of the guest's memory.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CPU, RAM } from "../../assembly/shared/memory-map.ts";
import { STOP_EXCEPTION, STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { Misuse } from "../../src/errors.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { asm, CODE, DATA, ENDIANS, Guest, li, NOP, R } from "./guest.ts";

/**
 * The results of lwl, lwr, swl and swr for register aabbccdd and memory bytes 01 23 45 67, at each of the four bytes.
 */
const UNALIGNED = {
  big: {
    lwl: [0x01234567, 0x234567dd, 0x4567ccdd, 0x67bbccdd],
    lwr: [0xaabbcc01, 0xaabb0123, 0xaa012345, 0x01234567],
    swl: ["aabbccdd", "01aabbcc", "0123aabb", "012345aa"],
    swr: ["dd234567", "ccdd4567", "bbccdd67", "aabbccdd"],
  },
  little: {
    lwl: [0x01bbccdd, 0x2301ccdd, 0x452301dd, 0x67452301],
    lwr: [0x67452301, 0xaa674523, 0xaabb6745, 0xaabbcc67],
    swl: ["aa234567", "bbaa4567", "ccbbaa67", "ddccbbaa"],
    swr: ["ddccbbaa", "01ddccbb", "0123ddcc", "012345dd"],
  },
} as const;

const hex = (bytes: readonly number[]) =>
  bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");

for (const endian of ENDIANS) {
  describe(`memory, ${endian}-endian`, () => {
    test("bytes, halves and words agree on their order", () => {
      const guest = new Guest(endian);
      guest.core.writeBytes(0x8000, Uint8Array.of(0x81, 0x02, 0x83, 0x04, 0x85));
      guest.core.setGpr(R.a0, DATA);
      guest.run([
        asm("lw", R.v0, 0, R.a0),
        asm("lh", R.v1, 2, R.a0),
        asm("lhu", R.t0, 2, R.a0),
        asm("lb", R.t1, 4, R.a0),
        asm("lbu", R.t2, 4, R.a0),
        asm("sh", R.v0, 10, R.a0),
        asm("sb", R.v0, 13, R.a0),
      ]);
      const little = endian === "little";
      assert.equal(guest.core.gpr(R.v0), little ? 0x04830281 : 0x81028304);
      assert.equal(guest.core.gpr(R.v1), little ? 0x0483 : 0xffff8304);
      assert.equal(guest.core.gpr(R.t0), little ? 0x0483 : 0x8304);
      assert.deepEqual([guest.core.gpr(R.t1), guest.core.gpr(R.t2)], [0xffffff85, 0x85]);
      assert.deepEqual(guest.bytes(DATA + 10, 2), little ? [0x81, 0x02] : [0x83, 0x04]);
      assert.equal(guest.bytes(DATA + 13, 1)[0], little ? 0x81 : 0x04);
    });

    for (const exactly of [false, true]) {
      test(`the unaligned four, ${exactly ? "read exactly" : "read fast"}`, () => {
        for (let at = 0; at < 4; at++) {
          for (const name of ["lwl", "lwr", "swl", "swr"] as const) {
            const guest = new Guest(endian);
            guest.core.writeBytes(0x8000, Uint8Array.of(0x01, 0x23, 0x45, 0x67));
            guest.core.setGpr(R.a0, DATA);
            guest.core.setGpr(R.v0, 0xaabbccdd);
            guest.put(CODE, asm("sb", R.zero, 64, R.a0), asm(name, R.v0, at, R.a0));
            guest.core.pc = CODE;
            if (exactly) guest.core.runExactly(2);
            else guest.core.run(2);
            const got = name.startsWith("l") ? guest.core.gpr(R.v0) : hex(guest.bytes(DATA, 4));
            assert.equal(got, UNALIGNED[endian][name][at], `${name} at ${at}`);
          }
        }
      });
    }

    test("readBytes and writeBytes are the guest's view, at any address", () => {
      const guest = new Guest(endian);
      const bytes = Uint8Array.from({ length: 11 }, (_, index) => index + 1);
      guest.core.writeBytes(0x8003, bytes);
      assert.deepEqual(guest.core.readBytes(0x8003, 11), bytes);
      guest.core.setGpr(R.a0, DATA);
      guest.run([asm("lbu", R.v0, 3, R.a0), asm("lbu", R.v1, 13, R.a0)]);
      assert.deepEqual([guest.core.gpr(R.v0), guest.core.gpr(R.v1)], [1, 11]);
    });

    test("rewritten code takes effect at once, through any window", () => {
      const guest = new Guest(endian);
      const written = asm("addiu", R.v0, R.zero, 42);
      guest.run([
        ...li(R.a0, CODE + 20 + 0x20000000), // kseg1
        ...li(R.a1, written),
        asm("sw", R.a1, 0, R.a0),
        asm("addiu", R.v0, R.zero, 1),
      ]);
      assert.equal(guest.core.gpr(R.v0), 42);
    });

    test("host pages translate, can be read-only, and can be unmapped", () => {
      const guest = new Guest(endian);
      const { core } = guest;
      core.mapPages(0xc0000000, 0x8000, 0x2000, true);
      core.mapPages(0xc0002000, 0x8000, 0x1000, false);
      assert.equal(core.physicalOf(0xc0001234, true), 0x9234);
      assert.equal(core.physicalOf(0xc0002004, false), 0x8004);
      assert.equal(core.physicalOf(0xc0002004, true), undefined);
      assert.equal(core.physicalOf(0xc0003000, false), undefined);
      assert.equal(core.physicalOf(0x80008004, true), 0x8004);
      assert.equal(core.physicalOf(0x80100000, false), undefined);
      core.unmapPages(0xc0000000, 0x1000);
      assert.equal(core.physicalOf(0xc0000000, false), undefined);
      assert.equal(core.physicalOf(0xc0001000, false), 0x9000);
    });

    test("a run across pages that are far apart in memory", () => {
      const guest = new Guest(endian);
      guest.core.mapPages(0xc0000000, 0x9000, 0x1000, false);
      guest.core.mapPages(0xc0001000, 0x4000, 0x1000, false);
      guest.put(0xc0000ffc, asm("addiu", R.v0, R.v0, 1));
      guest.put(0xc0001000, asm("addiu", R.v0, R.v0, 2), asm("beq", R.zero, R.zero, -3), NOP);
      guest.core.pc = 0xc0000ffc;
      guest.core.run(10);
      assert.equal(guest.core.gpr(R.v0), 9);
    });

    test("no address reaches the emulator's own memory", () => {
      const guest = new Guest(endian);
      guest.core.mapPages(0xfffff000, 0xff000, 0x1000, true);
      const before = guest.core.bytes.slice(0, CPU);
      const edges = [
        0, 0x1000, 0x7ffff000, 0x80000000, 0x800ff000, 0x80100000, 0x9ffff000, 0xa0000000,
        0xa00ff000,
      ];
      edges.push(0xa0100000, 0xbffff000, 0xc0000000, 0xdffff000, 0xe0000000, 0xfffff000);
      const accesses = ["lb", "lh", "lw", "lwl", "lwr", "ll", "sb", "sh", "sw", "swl", "swr", "sc"];
      for (const edge of edges) {
        for (const delta of [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 0xffc, 0xffd, 0xffe, 0xfff]) {
          for (const offset of [0, -0x8000, 0x7fff]) {
            for (const name of accesses) {
              guest.core.setGpr(R.a0, (edge + delta - offset) >>> 0);
              guest.put(CODE, asm(name, R.v0, offset, R.a0));
              guest.core.pc = CODE;
              const reason = guest.core.run(1);
              assert.ok(reason === STOP_LIMIT || reason === STOP_EXCEPTION);
            }
          }
        }
      }
      assert.deepEqual(guest.core.bytes.subarray(0, CPU), before);
      assert.equal(guest.core.bytes.length, RAM + (1 << 20));
    });

    test("ll and sc: a link is one address, once, and not across eret", () => {
      const guest = new Guest(endian);
      guest.core.setGpr(R.a0, DATA);
      const sc = (program: readonly number[]): [number, number] => {
        guest.put(DATA, 10, 20);
        guest.core.setGpr(R.v0, 99);
        guest.run(program);
        return [guest.core.gpr(R.v0), guest.word(DATA)];
      };
      const ll = asm("ll", R.v1, 0, R.a0);
      const store = asm("sc", R.v0, 0, R.a0);
      assert.deepEqual(sc([ll, store]), [1, 99]);
      assert.deepEqual(sc([store]), [0, 10]);
      assert.deepEqual(sc([asm("ll", R.v1, 4, R.a0), store]), [0, 10]);
      assert.deepEqual(sc([ll, asm("lw", R.t0, 0, R.a0), store]), [1, 99]);
      guest.core.setCp0(14, 0, CODE + 8);
      assert.deepEqual(sc([ll, asm("eret"), store]), [0, 10]);
    });
  });
}

test("the host's own addresses are checked", () => {
  const core = labProcessor("little", 1 << 20);
  for (const size of [0, -65536, 65537, 0x20010000, Number.NaN, 0x10000000000]) {
    assert.throws(() => labProcessor("little", size), Misuse);
  }
  assert.throws(() => core.mapPages(0xc0000004, 0, 0x1000, true), Misuse);
  assert.throws(() => core.mapPages(0xc0000000, 0x100, 0x1000, true), Misuse);
  assert.throws(() => core.mapPages(0xc0000000, 0xff000, 0x2000, true), Misuse);
  assert.throws(() => core.mapPages(0xfffff000, 0, 0x2000, true), Misuse);
  assert.throws(() => core.mapPages(0x7ffff000, 0, 0x2000, true), Misuse);
  assert.throws(() => core.mapPages(0xbffff000, 0, 0x2000, true), Misuse);
  assert.throws(() => core.mapPages(0xc0000000, 0, 0, true), Misuse);
  assert.throws(() => core.readBytes(0xfffff, 2), Misuse);
  assert.throws(() => core.readBytes(-1, 1), Misuse);
  assert.throws(() => core.readBytes(0.5, 1), Misuse);
  assert.throws(() => core.writeBytes(0x100000, Uint8Array.of(1)), Misuse);
  assert.throws(() => core.gpr(32), Misuse);
  assert.throws(() => core.run(Number.NaN), Misuse);
  assert.throws(() => core.run(-1), Misuse);
});
