// Tests mended modules in the lab: they compute what QEMU computes with the original modules, and function_graph
// records what it records in the compiler's own long-call build, in both byte orders, on both engines, traced
// natively and by guest code.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import type { GraphEvent, TraceWay } from "../../src/ftrace/tracer.ts";
import { Machine } from "../../src/lab/machine.ts";
import { mendModule } from "../../src/mend/mend.ts";
import type { MendOptions } from "../../src/mend/plan.ts";
import { readModule } from "../../src/module/file/file.ts";
import { repositoryFile } from "../support/repository.ts";
import { everyOther } from "../support/thorough.ts";

interface Call {
  readonly modules: readonly string[];
  readonly function: string;
  readonly arguments: readonly number[];
  readonly result: number | string;
}

interface Graph {
  readonly module: string;
  readonly function: string;
  readonly arguments: readonly number[];
  readonly graph: string;
}

const { calls, graphs } = JSON.parse(
  readFileSync(repositoryFile("test/modules/expected.json"), "utf8"),
) as { calls: Call[]; graphs: Graph[] };
const ORDERS: readonly Endian[] = ["little", "big"];
/** Each module with far jumps, and the long-call build of the same source. */
const LONG = {
  jal2009: "modern",
  jal2009ra: "modern",
  optimize0_jal: "optimize0",
  shapes_jal: "shapes",
  frames_jal: "frames",
  init_jal: "init",
  plain_short: "plain",
  leaf_jal: "leaf",
} as const;
const FORMS: Readonly<Record<string, MendOptions>> = {
  mended: {},
  "mended without jumps": { noJumps: true },
  "mended without sites": { sites: "remove" },
};

function bytesOf(module: string, order: Endian): Uint8Array {
  return readFileSync(repositoryFile(`test/modules/built/${module}-${order}.ko`));
}

function mended(module: string, order: Endian, options: MendOptions): Uint8Array {
  const { file, report } = mendModule(bytesOf(module, order), options);
  assert.deepEqual(report.refusals, [], module);
  assert.ok(file !== null);
  return file;
}

/** A machine with the module loaded, without any far jump left to mend. */
async function machineWith(
  bytes: Uint8Array,
  order: Endian,
  engine: "auto" | "interpreter" = "auto",
): Promise<Machine> {
  const machine = await Machine.create({ endian: order, engine });
  const { plan } = machine.insmodFile(readModule(bytes), { farJumps: "refuse" });
  assert.equal(plan.farJumps.length, 0);
  return machine;
}

function results(machine: Machine, order: Endian, module: string): string[] {
  return calls
    .filter(({ modules }) => modules.includes(module))
    .map((call) => {
      const wide = typeof call.result === "string";
      const given = [...call.arguments];
      if (wide && given.length === 4 && order === "big") given.push(...given.splice(2).reverse());
      const { v0, v1 } = machine.call(call.function, given);
      const [low, high] = order === "little" ? [v0, v1] : [v1, v0];
      const word = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
      const result = wide ? `0x${word(high)}${word(low)}` : v0 >>> 0;
      assert.equal(result, call.result, `${module}: ${call.function}(${call.arguments.join()})`);
      return String(result);
    });
}

/** Each function with the functions it called in braces, as in expected.json. */
function graphOf(events: Iterable<GraphEvent>): string {
  const words: string[] = [];
  const open: number[] = [];
  for (const { type, name } of events) {
    if (type === "funcgraph_entry") open.push(words.push(name, "{"));
    else if (words.length > (open.pop() ?? 0)) words.push("}");
    else words.pop();
  }
  assert.equal(open.length, 0, "every function returned");
  return words.join(" ");
}

for (const order of ORDERS) {
  for (const [index, [form, options]] of Object.entries(FORMS).entries()) {
    for (const engine of everyOther(["interpreter", "auto"] as const, index)) {
      test(`${order}-endian modules ${form} compute what they did, by the ${engine} engine`, async () => {
        let checked = 0;
        for (const module of Object.keys(LONG)) {
          const machine = await machineWith(mended(module, order, options), order, engine);
          checked += results(machine, order, module).length;
        }
        assert.ok(checked > 100, `${checked} calls`);
      });
    }
  }
}

test("25: init code beyond the 256 MiB line behind its core computes what it did", async () => {
  for (const order of ORDERS) {
    for (const options of [{}, { noJumps: true }]) {
      const machine = await Machine.create({ endian: order });
      const file = readModule(mended("init_jal", order, options));
      const place = { base: 0xcffff000, initBase: 0xd0001000 };
      machine.insmodFile(file, { ...place, farJumps: "refuse" });
      assert.ok(results(machine, order, "init_jal").length > 0);
    }
  }
});

for (const way of ["native", "guest"] as const satisfies readonly TraceWay[]) {
  for (const options of [{}, { noJumps: true }]) {
    test(`function_graph records the long build's graphs in mended modules (${way}, ${JSON.stringify(options)})`, async () => {
      let checked = 0;
      for (const [module, long] of Object.entries(LONG)) {
        for (const order of ORDERS) {
          const machine = await machineWith(mended(module, order, options), order);
          for (const graph of graphs.filter((one) => one.module === `${long}-${order}`)) {
            const plain = machine.call(graph.function, graph.arguments);
            const tracer = machine.trace({ tracer: "function_graph", way });
            const traced = machine.call(graph.function, graph.arguments);
            tracer.stop();
            assert.equal(traced.exception, undefined);
            assert.equal(typeof plain.v0, "number");
            assert.equal(graphOf(tracer.events()), graph.graph, `${module}: ${graph.function}`);
            checked += 1;
          }
        }
      }
      assert.ok(checked >= 26, `${checked} graphs`);
    });
  }
}

/** `function <- parent`, without offsets: sites move when the code before them changes its size. */
function eventsOf(
  machine: Machine,
  call: string,
  args: readonly number[],
  way: TraceWay,
): string[] {
  const tracer = machine.trace({ way });
  machine.call(call, args);
  tracer.stop();
  const place = (address: number): string => {
    const symbol = machine.symbolAt(address);
    return symbol?.module === undefined || symbol.module === null ? "outside" : symbol.name;
  };
  return [...tracer.events()].map(({ ip, parentIp }) => `${place(ip)} <- ${place(parentIp)}`);
}

for (const way of ["native", "guest"] as const satisfies readonly TraceWay[]) {
  test(`the function tracer records the long build's events in mended modules, the ${way} way`, async () => {
    const cases = [
      ["jal2009", "modern", "work_run", [3]],
      ["jal2009ra", "modern", "work_run", [3]],
      ["optimize0_jal", "optimize0", "work_run", [3]],
      ["shapes_jal", "shapes", "shapes_run", [19]],
      ["frames_jal", "frames", "frames_big", [1]],
      ["frames_jal", "frames", "frames_huge", [1]],
    ] as const;
    for (const order of ORDERS) {
      for (const [module, long, call, args] of cases) {
        const ours = await machineWith(mended(module, order, {}), order);
        const theirs = await machineWith(bytesOf(long, order), order);
        const events = eventsOf(ours, call, args, way);
        assert.deepEqual(events, eventsOf(theirs, call, args, way), `${module}-${order}`);
        assert.ok(events.length > 0);
      }
    }
  });
}

test("an untraced call of a mended leaf costs two more instructions, as in the long build", async () => {
  for (const order of ORDERS) {
    const count = async (bytes: Uint8Array): Promise<number> =>
      (await machineWith(bytes, order)).call("leaf_loop", [1000]).instructions;
    const plain = await count(bytesOf("leaf_plain", order));
    const long = await count(bytesOf("leaf", order));
    const ours = await count(mended("leaf_jal", order, {}));
    // leaf_loop has a site too: 1,001 calls.
    assert.equal(long - plain, 2002);
    assert.ok(ours - plain <= 2002, `${ours - plain}`);
  }
});

test("every site of a mended module has the six words that the kernel skips", async () => {
  for (const order of ORDERS) {
    for (const module of Object.keys(LONG)) {
      const machine = await Machine.create({ endian: order });
      const loaded = machine.insmodFile(readModule(mended(module, order, {})));
      for (const { site } of machine.callSites(loaded)) {
        assert.deepEqual(
          [site.kind, site.words, site.raAddressWords, site.emptyDelaySlot],
          ["long", 6, 1, false],
          `${module}-${order}`,
        );
      }
      assert.ok(loaded.sites.every(({ recorded }) => recorded));
    }
  }
});
