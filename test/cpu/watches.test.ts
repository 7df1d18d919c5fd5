// Tests the core's breakpoints and watchpoints: where a run stops, that the instruction has had no effect, that the
// run passes the stop when it continues, and that stopping doesn't change the result.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STOP_BREAKPOINT, STOP_LIMIT, STOP_WATCHPOINT } from "../../assembly/shared/stops.ts";
import { Misuse } from "../../src/errors.ts";
import type { Processor } from "../../src/processor/processor.ts";
import type { Watch, WatchKind } from "../../src/processor/watches.ts";
import { Random } from "../support/random.ts";
import { asm, CODE, DATA, ENDIANS, Guest, NOP, R } from "./guest.ts";

const READINGS = ["run", "runExactly"] as const;
const at = (address: number, kind: WatchKind = "execute", size = 4): Watch => ({
  address,
  size,
  kind,
});

/** Adds up the words from DATA on, storing each sum: four instructions, a branch and its slot in each round. */
const LOOP = [
  asm("lw", R.t0, 0, R.a0),
  asm("addu", R.v0, R.v0, R.t0),
  asm("sw", R.v0, 0x400, R.a0),
  asm("addiu", R.a1, R.a1, -1),
  asm("bne", R.a1, R.zero, -5),
  asm("addiu", R.a0, R.a0, 4),
];
const ROUNDS = 20;

function looping(endian: "little" | "big"): Guest {
  const guest = new Guest(endian);
  guest.put(CODE, ...LOOP);
  guest.put(DATA, ...Array.from({ length: ROUNDS }, (_, index) => 3 * index + 1));
  guest.core.setGpr(R.a0, DATA);
  guest.core.setGpr(R.a1, ROUNDS);
  guest.core.pc = CODE;
  return guest;
}

for (const endian of ENDIANS) {
  for (const reading of READINGS) {
    describe(`watches, ${endian}-endian, ${reading}`, () => {
      const run = (core: Processor, limit = 10_000) => core[reading](limit);

      test("a breakpoint stops before its instruction, every time it is reached, delay slots included", () => {
        const { core } = looping(endian);
        core.setWatches([at(CODE + 8), at(CODE + 20)]);
        for (let round = 0; round < ROUNDS; round++) {
          assert.equal(run(core), STOP_BREAKPOINT);
          assert.deepEqual(
            [core.pc, core.count, core.inDelaySlot],
            [CODE + 8, 6 * round + 2, false],
          );
          assert.equal(run(core), STOP_BREAKPOINT);
          assert.deepEqual(
            [core.pc, core.count, core.inDelaySlot],
            [CODE + 20, 6 * round + 5, true],
          );
        }
        core.setWatches([]);
        assert.equal(run(core, 6), STOP_LIMIT);
      });

      test("a step ends at a breakpoint, and the next one leaves it", () => {
        const { core } = looping(endian);
        core.setWatches([at(CODE + 4)]);
        assert.equal(run(core, 1), STOP_BREAKPOINT);
        assert.equal(core.count, 1);
        assert.equal(run(core, 1), STOP_LIMIT);
        assert.equal(core.pc, CODE + 8);
      });

      test("watchpoints distinguish reads and writes, and the accessed byte", () => {
        const touched = (kind: WatchKind, address: number, size: number) => {
          const guest = looping(endian);
          guest.core.setWatches([at(address, kind, size)]);
          const reason = run(guest.core, 6 * ROUNDS);
          const { pc, stopValue } = guest.core;
          return reason === STOP_WATCHPOINT ? [pc, stopValue] : reason;
        };
        assert.deepEqual(touched("read", DATA + 9, 1), [CODE, DATA + 9]);
        assert.deepEqual(touched("access", DATA + 8, 100), [CODE, DATA + 8]);
        assert.deepEqual(touched("write", DATA + 0x402, 1), [CODE + 8, DATA + 0x402]);
        assert.deepEqual(touched("write", DATA, 0x401), [CODE + 8, DATA + 0x400]);
        assert.equal(touched("write", DATA, 0x400), STOP_LIMIT);
        assert.equal(touched("read", DATA + 0x400, 0x400), STOP_LIMIT);
        assert.equal(touched("access", CODE, 4), STOP_LIMIT);
      });

      test("a watchpoint stops before the instruction, and passes it next", () => {
        const { core } = looping(endian);
        core.setWatches([at(DATA + 4, "access")]);
        assert.equal(run(core), STOP_WATCHPOINT);
        assert.deepEqual([core.pc, core.count, core.gpr(R.t0)], [CODE, 6, 1]);
        assert.equal(run(core, 1), STOP_LIMIT);
        assert.deepEqual([core.pc, core.gpr(R.t0)], [CODE + 4, 4]);
      });

      test("a breakpoint and a watchpoint of one instruction are reported one after the other", () => {
        const { core } = looping(endian);
        core.setWatches([at(DATA, "read"), at(CODE)]);
        assert.deepEqual([run(core), run(core), run(core)].slice(0, 2), [
          STOP_BREAKPOINT,
          STOP_WATCHPOINT,
        ]);
        assert.deepEqual([core.pc, core.count], [CODE, 6]);
      });

      test("lwl, lwr, swl and swr access exactly the bytes that they transfer", () => {
        const bytes = (name: string, va: number): number[] =>
          [0, 1, 2, 3].filter((byte) => {
            const guest = new Guest(endian);
            guest.core.setGpr(R.a0, va);
            guest.put(CODE, asm(name, R.v0, 0, R.a0));
            guest.core.pc = CODE;
            guest.core.setWatches([at(DATA + byte, "access", 1)]);
            return run(guest.core, 1) === STOP_WATCHPOINT;
          });
        const [up, down] = endian === "big" ? ["l", "r"] : ["r", "l"];
        for (const kind of ["lw", "sw"]) {
          assert.deepEqual(bytes(`${kind}${up}`, DATA + 1), [1, 2, 3]);
          assert.deepEqual(bytes(`${kind}${down}`, DATA + 1), [0, 1]);
        }
      });

      test("pages mapped after the watch are watched, and the host's pages stay mapped without it", () => {
        const { core } = looping(endian);
        core.setWatches([at(0xc0000008)]);
        core.mapPages(0xc0000000, CODE & 0x0ffff000, 0x1000, true);
        core.pc = 0xc0000000;
        assert.equal(run(core), STOP_BREAKPOINT);
        assert.equal(core.pc, 0xc0000008);
        assert.equal(core.physicalOf(0xc0000008, true), (CODE & 0x0ffff000) + 8);
        core.setWatches([]);
        assert.equal(run(core, 3), STOP_LIMIT);
        assert.equal(core.pc, 0xc0000014);
      });

      test("an access that fails is its exception, not a watchpoint's", () => {
        const { core } = looping(endian);
        core.setGpr(R.a0, DATA + 2);
        core.setWatches([at(DATA, "access", 16)]);
        assert.equal(run(core), 3);
      });
    });
  }

  test(`stopping at random watches changes nothing, ${endian}-endian`, () => {
    const undisturbed = looping(endian);
    undisturbed.core.run(6 * ROUNDS);
    for (let seed = 1; seed <= 50; seed++) {
      const random = new Random(seed);
      const guest = looping(endian);
      const watches = Array.from({ length: 1 + random.below(5) }, () =>
        random.oneIn(2)
          ? at(CODE + 4 * random.below(LOOP.length))
          : at(
              DATA + random.below(0x500),
              random.pick(["read", "write", "access"]),
              1 + random.below(64),
            ),
      );
      guest.core.setWatches(watches);
      let stops = 0;
      while (guest.core.count < 6 * ROUNDS) {
        if (guest.core.run(6 * ROUNDS - guest.core.count) !== STOP_LIMIT) stops++;
        assert.ok(stops <= 12 * ROUNDS, `seed ${seed} goes on`);
      }
      const [a, b] = [undisturbed, guest].map(({ core }) =>
        JSON.stringify([core.pc, core.nextPc, Array.from({ length: 32 }, (_, r) => core.gpr(r))]),
      );
      assert.equal(a, b, `seed ${seed}`);
      assert.deepEqual(guest.bytes(DATA, 0x1000), undisturbed.bytes(DATA, 0x1000));
      assert.deepEqual(guest.bytes(CODE, 64), undisturbed.bytes(CODE, 64));
    }
  });
}

test("invalid watches are misuse, and leave the old ones", () => {
  const { core } = looping("little");
  core.setWatches([at(CODE + 4)]);
  const bad: (readonly Watch[])[] = [
    [at(-4)],
    [at(2 ** 32)],
    [at(0.5)],
    [at(0, "read", 0)],
    [at(0xfffffffc, "read", 5)],
    [at(0, "read", 2 ** 32)],
    Array.from({ length: 1025 }, () => at(NOP)),
  ];
  for (const watches of bad) assert.throws(() => core.setWatches(watches), Misuse);
  assert.equal(core.run(10), STOP_BREAKPOINT);
});
