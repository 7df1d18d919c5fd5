// Compares the guest instructions of the designs with counts made by hand from the listings of cost.c, mcount.S,
// tracer.S and entry.S, in both byte orders.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Machine, type TraceOptions } from "../../src/index.ts";
import { builtModule } from "../cli/farjal.ts";
import { type DesignName, ENDIANS, loaded } from "./modules.ts";

const ROUNDS = 50;
/** cost_loop itself, and in each round cost_step and twice cost_leaf. */
const CALLS = 1 + 3 * ROUNDS;
const LEAF = 4;
/** The instructions of cost_loop outside its loop; and of its loop, cost_step and two leaves in each round. */
const JAL_CALLS = 9 + 7 + ROUNDS * (8 + 13 + 2 * LEAF);
/** -mlong-calls keeps the functions' addresses in registers, which the functions save and load. */
const LONG_CALLS = 12 + 8 + ROUNDS * (8 + 17 + 2 * LEAF);

const VENEER = 4;
/** _mcount's two words before ftrace_caller proper: a nop, and the pop. */
const POP = 2;
/** The frame, ip, its correction for modules, the two patch points, the frame again, the return. */
const FTRACE_CALLER = 8 + 10 + 1 + 2 + 2 + 7 + 2;
/** lab_trace_function at a jal; and at a lui v1, which it finds after comparing more words. */
const FINDS_JAL = 9;
const findsLui = (others: number): number => 5 + 2 + 6 * others + 4 + 4;
/** entry.S: before the call, the call, its record, the other patch point, the return. */
const ENTRY_CALLER = 8 + 2 + 3 + 2 + 8;

interface Counted {
  readonly design: DesignName;
  /** The call without sites. */
  readonly plain: number;
  /** For each call of a function: with its site off, and with guest code tracing it. */
  readonly off: number;
  readonly on: number;
}

const BY_HAND: readonly Counted[] = [
  { design: "plain", plain: JAL_CALLS, off: 0, on: 0 },
  { design: "plain-long", plain: LONG_CALLS, off: 0, on: 0 },
  // move at,ra; jal; addiu sp. Off, the last two are nops.
  { design: "jal", plain: JAL_CALLS, off: 3, on: 3 + VENEER + POP + FTRACE_CALLER + FINDS_JAL },
  // lui; addiu; move; jalr; addiu sp. Off, b and its delay slot.
  { design: "long", plain: LONG_CALLS, off: 2, on: 5 + POP + FTRACE_CALLER + findsLui(0) },
  // The same with a word for t4.
  { design: "long-ra", plain: LONG_CALLS, off: 2, on: 6 + POP + FTRACE_CALLER + findsLui(1) },
  // move at,ra; jal; nop, past the pop.
  { design: "nops3", plain: JAL_CALLS, off: 3, on: 3 + VENEER + FTRACE_CALLER + FINDS_JAL },
  // lui; addiu; jalr; nop. Off, b and its delay slot.
  { design: "nops4", plain: JAL_CALLS, off: 2, on: 4 + ENTRY_CALLER },
];

suite("instructions of a call, counted by hand", () => {
  for (const endian of ENDIANS) {
    for (const { design, plain, off, on } of BY_HAND) {
      test(`${design}, ${endian}-endian`, async () => {
        const { machine } = await loaded(design, endian);
        const count = (options: TraceOptions | null): number => {
          const tracer = options === null ? null : machine.trace(options);
          const { instructions } = machine.call("cost_loop", [ROUNDS]);
          tracer?.stop();
          if (tracer !== null && on > 0) assert.equal(tracer.calls, CALLS);
          return instructions;
        };
        assert.equal(count(null), plain + CALLS * off);
        assert.equal(count({ way: "guest" }), plain + CALLS * on);
        // Traced natively, and after tracing, the count is that of an untraced call.
        for (const tracer of ["function", "function_graph"] as const) {
          assert.equal(count({ tracer }), plain + CALLS * off);
          count({ tracer, way: "guest" });
        }
        assert.equal(count(null), plain + CALLS * off);
      });
    }
  }

  test("function_graph by guest code costs less at a 4-nop entry than at a long call", async () => {
    const counts: number[] = [];
    for (const design of ["nops4", "nops3", "long-ra"] as const) {
      const { machine } = await loaded(design, "little");
      const tracer = machine.trace({ tracer: "function_graph", way: "guest" });
      counts.push(machine.call("cost_loop", [ROUNDS]).instructions);
      tracer.stop();
    }
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
  });

  for (const endian of ENDIANS) {
    test(`a round of the leaf takes as many instructions as in Linux 6.1 under QEMU, ${endian}-endian`, async () => {
      // -icount, Debian's 4kc-malta, 20,000 rounds: 12.0 without call sites, 14.0 with tracing off.
      for (const [name, kernel] of [
        ["leaf_plain", 12],
        ["leaf", 14],
      ] as const) {
        const machine = await Machine.create({ endian });
        await machine.insmod(builtModule(name, endian));
        const [short = 0, long = 0] = [1000, 2000].map(
          (rounds) => machine.call("leaf_loop", [rounds]).instructions,
        );
        assert.equal((long - short) / 1000, kernel);
      }
    });
  }
});
