// Tests function_graph in the machine: which calls it follows and which it leaves out; and that a run with open
// functions can stop anywhere without a difference: in every engine, at every instruction, across a snapshot, after
// an exception.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import { Misuse } from "../../src/errors.ts";
import { ShadowStack } from "../../src/ftrace/ring/shadow-stack.ts";
import type { GraphEvent, TraceOptions, Tracer } from "../../src/ftrace/tracer.ts";
import type { RuleChoice } from "../../src/kernel/rules/profile.ts";
import { Machine } from "../../src/lab/machine.ts";
import { ENGINES, type Engine } from "../../src/processor/engine.ts";
import { repositoryFile } from "../support/repository.ts";
import { everyOther } from "../support/thorough.ts";

/** A snapshot contains all of the memory, so the machines have little. */
const MEMORY = 16 << 20;

async function machineWith(
  name: string,
  endian: Endian,
  engine: Engine,
  rules?: RuleChoice,
): Promise<Machine> {
  const machine = await Machine.create({ endian, engine, memory: MEMORY, rules });
  await machine.insmod(repositoryFile(`test/modules/built/${name}-${endian}.ko`));
  return machine;
}

function shapes(endian: Endian, engine: Engine = "auto", rules?: RuleChoice): Promise<Machine> {
  return machineWith("shapes", endian, engine, rules);
}

/** Native tracing. */
function graph(machine: Machine, options: TraceOptions = {}): Tracer<GraphEvent> {
  return machine.trace({ ...options, tracer: "function_graph" });
}

/** `+name` for an entry, `-name` for a return, without the module's prefix. */
function story(events: Iterable<GraphEvent>): string[] {
  return [...events].map(({ type, name }) => {
    return (type === "funcgraph_entry" ? "+" : "-") + name.replace("shapes_", "");
  });
}

for (const [endian, way] of [
  ["little", "native"],
  ["big", "native"],
  ["little", "guest"],
  ["big", "guest"],
] as const) {
  const graph = (machine: Machine, options: TraceOptions = {}): Tracer<GraphEvent> =>
    machine.trace({ ...options, way, tracer: "function_graph" });
  /** Number of open functions. */
  const depth = (machine: Machine): number =>
    way === "native"
      ? new ShadowStack(machine.processor.words).depth
      : machine.memory.u32(machine.addressOf("lab_graph_depth") ?? 0);

  suite(`function_graph, ${endian} endian, the ${way} way`, () => {
    // As running kernels do it: 6.1 follows 50, and 6.12.117, which has the profiler, 110 and counts 191 of 301 calls.
    for (const [deepest, rules] of [
      [50, { release: "6.1" }],
      [142, { release: "6.12.117" }],
      [110, { release: "6.12.117", rules: { G2: "built" } }],
      [143, { release: "6.18" }],
    ] as const) {
      test(`follows ${deepest} functions at once on ${rules.release} and counts those beyond`, async () => {
        for (const engine of ENGINES) {
          const machine = await shapes(endian, engine, rules);
          const plain = machine.call("shapes_recurse", [300]);
          const tracer = graph(machine);
          assert.equal(machine.call("shapes_recurse", [300]).v0, plain.v0);
          tracer.stop();
          assert.equal(tracer.graphOverruns, 301 - deepest);
          const depths = [...tracer.events()].map(({ depth }) => depth);
          const down = Array.from({ length: deepest }, (_, depth) => depth);
          assert.deepEqual(depths, [...down, ...down.toReversed()]);
          const last = [...tracer.events()].at(-1);
          assert.ok(last?.type === "funcgraph_exit" && last.overrun === 301 - deepest);
        }
      });
    }

    test("what set_graph_notrace has silenced leaves the stack's size as it was", async () => {
      const machine = await shapes(endian, "auto", { release: "6.18" });
      const tracer = graph(machine, { graphNotrace: ["shapes_caller"] });
      machine.call("shapes_caller", [3]);
      machine.call("shapes_recurse", [300]);
      tracer.stop();
      assert.equal([...tracer.events()].length, 2 * 143);
      assert.equal(tracer.graphOverruns, 301 - 143);
    });

    test("measures durations from entry to return, calls included", async () => {
      const machine = await shapes(endian);
      const tracer = graph(machine);
      const { instructions } = machine.call("shapes_caller", [3]);
      const exits = [...tracer.events()].filter((event) => event.type === "funcgraph_exit");
      const outer = exits.at(-1);
      assert.equal(outer?.name, "shapes_caller");
      const last = (outer?.count ?? 0) - (outer?.entryCount ?? 0);
      assert.ok(last > 0 && last < instructions);
      const inner = exits.slice(0, -1).reduce((sum, one) => sum + one.count - one.entryCount, 0);
      assert.ok(inner < last);
    });

    test("maxDepth leaves out deeper calls", async () => {
      const machine = await shapes(endian);
      const tracer = graph(machine, { maxDepth: 2 });
      machine.call("shapes_tail_after_call", [6]);
      assert.deepEqual(story(tracer.events()), [
        "+tail_after_call",
        "+caller",
        "-caller",
        "+tail",
        "-tail",
        "-tail_after_call",
      ]);
    });

    test("graph keeps the calls inside a function, graphNotrace leaves them out", async () => {
      const machine = await shapes(endian);
      let tracer = graph(machine, { graph: ["shapes_caller"] });
      machine.call("shapes_tail_after_call", [6]);
      tracer.stop();
      const caller = [
        "+caller",
        "+leaf",
        "-leaf",
        "+leaf_with_frame",
        "-leaf_with_frame",
        "-caller",
      ];
      assert.deepEqual(story(tracer.events()), caller);
      tracer = graph(machine, { graphNotrace: ["shapes_caller", "shapes_tail"] });
      machine.call("shapes_tail_after_call", [6]);
      tracer.stop();
      assert.deepEqual(story(tracer.events()), ["+tail_after_call", "-tail_after_call"]);
      tracer = graph(machine, { graph: ["shapes_*"], graphNotrace: ["*_caller"] });
      machine.call("shapes_tail_after_call", [6]);
      tracer.stop();
      assert.deepEqual(story(tracer.events()), [
        "+tail_after_call",
        "+tail",
        "+leaf",
        "-leaf",
        "-tail",
        "-tail_after_call",
      ]);
    });

    test("filters choose what is followed", async () => {
      const machine = await shapes(endian);
      const tracer = graph(machine, { filter: ["shapes_leaf*"], notrace: ["*_frame"] });
      machine.call("shapes_tail_after_call", [6]);
      assert.deepEqual(story(tracer.events()), ["+leaf", "-leaf", "+leaf", "-leaf"]);
    });

    test("stopped and started in the middle, open functions still return", async () => {
      const machine = await shapes(endian);
      const plain = machine.call("shapes_tail_after_call", [6]);
      const tracer = graph(machine);
      const call = machine.start("shapes_tail_after_call", [6]);
      call.advance(way === "native" ? 40 : 600);
      tracer.stop();
      assert.ok(depth(machine) > 0 && tracer.written > 0);
      const functions = machine.trace({ tracer: "function" });
      assert.equal(call.advance().reason, "returned");
      assert.equal(depth(machine), 0);
      assert.equal(call.result().v0, plain.v0);
      call.close();
      assert.ok([...functions.events()].every(({ type }) => type === "function"));
    });

    test("a call that ends in the middle removes its open functions", async () => {
      const machine = await shapes(endian);
      const tracer = graph(machine, { graph: ["shapes_through"] });
      const { exception } = machine.call("shapes_through", [0x40000000, 1], { throws: false });
      assert.equal(exception?.kind, "exception");
      assert.equal(depth(machine), 0);
      tracer.clear();
      machine.call("shapes_caller", [1]);
      assert.deepEqual(story(tracer.events()), [], "nothing of graph's is open any more");
      const short = machine.call("shapes_recurse", [9], {
        budget: way === "native" ? 50 : 700,
        throws: false,
      });
      assert.equal(short.exception?.kind, "budget");
      assert.equal(depth(machine), 0);
    });

    test("sees a function whose site recordmcount lost", async () => {
      const file = repositoryFile(`test/modules/built/lost-${endian}.ko`);
      const seen = async (options: TraceOptions): Promise<string[]> => {
        const machine = await Machine.create({ endian });
        const tracer = machine.trace({ ...options, way });
        await machine.insmod(file, { init: true });
        tracer.stop();
        return [...tracer.events()].map(({ type, name }) => `${type} ${name}`);
      };
      const tree = ["entry lost_init", "entry lost_leaf", "exit lost_leaf", "exit lost_init"];
      const graphs = tree.map((line) => `funcgraph_${line}`);
      assert.deepEqual(await seen({ tracer: "function_graph" }), graphs);
      // function_graph doesn't check the filter again; the function tracer does.
      assert.deepEqual(await seen({ tracer: "function_graph", filter: [":mod:nosuch"] }), [
        graphs[0],
        graphs[3],
      ]);
      assert.deepEqual(await seen({}), ["function lost_init", "function lost_leaf"]);
      assert.deepEqual(await seen({ filter: ["*:mod:lost"] }), ["function lost_leaf"]);
    });
  });
}

for (const [order, endian] of (["little", "big"] as const).entries()) {
  suite(`function_graph's state, ${endian} endian`, () => {
    // After a site that is branched over, translated code has instructions of its budget left; after one of 2009 it has none.
    const functions = [
      ["shapes", "shapes_tail_after_call"],
      ["leaf_jal", "leaf_loop"],
    ] as const;
    for (const [name, symbol] of everyOther(functions, order))
      test(`stops at every instruction of ${symbol} in the same state in every engine, and continues from a snapshot`, async () => {
        const machines = await Promise.all(
          ENGINES.map((engine) => machineWith(name, endian, engine)),
        );
        const tracers = machines.map((machine) => graph(machine));
        // Hot, so that the translator has translated the code.
        for (const machine of machines) {
          for (let round = 0; round < 150; round += 1) machine.call(symbol, [6]);
        }
        const [reference] = machines;
        const whole = reference?.call(symbol, [6]);
        for (let steps = 1; steps <= (whole?.instructions ?? 0); steps += 1) {
          const states = machines.map((machine, index) => {
            tracers[index]?.clear();
            const call = machine.start(symbol, [6]);
            call.advance(steps);
            const { processor } = machine;
            const state = [
              processor.pc,
              processor.nextPc,
              processor.gpr(31),
              processor.gpr(2),
              processor.gpr(29),
            ];
            const frames = new ShadowStack(processor.words).place;
            const saved = steps % 10 === 0 ? machine.save() : undefined;
            if (saved !== undefined) {
              call.close();
              const again = machine.restore(saved);
              again?.advance();
              const result = again?.result();
              again?.close();
              assert.deepEqual(
                [result?.v0, result?.instructions],
                [whole?.v0, whole?.instructions],
              );
            } else {
              call.advance();
              call.close();
            }
            const events = story(tracers[index]?.events() ?? []);
            return { state, frames, events };
          });
          for (const state of states) assert.deepEqual(state, states[0], `after ${steps}`);
        }
      });

    test("hot code gives the same records, with any options", async () => {
      const options: readonly TraceOptions[] = [
        {},
        { maxDepth: 3 },
        { graph: ["shapes_caller", "*_alloca", "shapes_recurse"] },
        { graphNotrace: ["shapes_caller", "*_through"], maxDepth: 4 },
        { graph: ["shapes_run"], graphNotrace: ["shapes_leaf*"], notrace: ["*_odd"] },
      ];
      const told = async (engine: Engine): Promise<GraphEvent[][]> => {
        const machine = await shapes(endian, engine);
        return options.map((option) => {
          const tracer = graph(machine, option);
          for (let round = 0; round < 120; round += 1) {
            if (round === 110) tracer.clear();
            machine.call("shapes_run", [round]);
            machine.call("shapes_recurse", [50 + (round % 7)]);
          }
          tracer.stop();
          return [...tracer.events()];
        });
      };
      const [reference, ...others] = await Promise.all(ENGINES.map(told));
      for (const other of others) assert.deepEqual(other, reference);
      assert.ok(reference?.every((events) => events.length > 20));
    });

    test("return_to_handler without an open function is a reserved instruction", async () => {
      const machine = await shapes(endian);
      const { exception } = machine.call(0x80000fe0, [], { throws: false });
      assert.equal(exception?.kind, "exception");
      assert.match(exception?.message ?? "", /RI/);
    });
  });
}

test("settings that function_graph doesn't have are refused", async () => {
  const machine = await shapes("little");
  assert.throws(() => machine.trace({ graph: ["shapes_run"] }), Misuse);
  assert.throws(() => machine.trace({ maxDepth: 2 }), Misuse);
  assert.throws(() => graph(machine, { maxDepth: -1 }), Misuse);
  assert.throws(() => graph(machine, { maxDepth: 1.5 }), Misuse);
  assert.throws(() => graph(machine, { graph: ["nosuch"] }), /no function with a call site/);
  assert.throws(
    () => graph(machine, { capacity: 1 << 20 }),
    /power of two of records, up to 524288/,
  );
});

test("a module's names stay after it is unloaded, and its text is the kernel's", async () => {
  const machine = await Machine.create();
  const module = await machine.insmod(repositoryFile("test/modules/built/shapes-little.ko"));
  const tracer = graph(machine);
  machine.call("shapes_tail", [5]);
  tracer.stop();
  machine.rmmod(module);
  assert.equal(
    [...tracer.text()].join(""),
    `# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
# |     |   |                     |   |   |   |
 0)               |  shapes_tail [shapes]() {
 0)   0.050 us    |    shapes_leaf [shapes]();
 0)   0.110 us    |  }
`,
  );
});
