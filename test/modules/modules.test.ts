// Compares the test modules under farjal with their behaviour elsewhere: expected.json (QEMU) for results and events,
// verdicts.json (a real Linux 6.1) for the loader's messages. README.md describes both files.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import { type Errno, Refusal } from "../../src/errors.ts";
import type { GraphEvent, TraceWay } from "../../src/ftrace/tracer.ts";
import { Machine } from "../../src/lab/machine.ts";
import { ENGINES } from "../../src/processor/engine.ts";
import { repositoryFile } from "../support/repository.ts";

interface Call {
  readonly modules: readonly string[];
  readonly function: string;
  readonly arguments: readonly number[];
  readonly result: number | string;
}

interface Trace {
  readonly module: string;
  readonly function: string;
  readonly arguments: readonly number[];
  readonly events: readonly string[];
}

interface Graph {
  readonly module: string;
  readonly function: string;
  readonly arguments: readonly number[];
  readonly graph: string;
}

interface Verdict {
  readonly errno: Errno | null;
  readonly dmesg: readonly string[];
}

const ORDERS: readonly Endian[] = ["little", "big"];
const WAYS: readonly TraceWay[] = ["native", "guest"];
/** Lines that the kernel prints for the first such module only; verdicts.json leaves them out. */
const ONCE_A_BOOT = /taint/;
/** Refused because of checksums, which the lab kernel's exports don't have. */
const BY_CHECKSUM = ["greet_empty", "greet_without_printk", "greet_wrong_layout"];

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(repositoryFile(`test/modules/${name}`), "utf8")) as T;
}

function built(module: string, order: Endian): string {
  const [own, labs] = ["test/modules/built", "src/lab-kernel/built"].map((folder) =>
    repositoryFile(`${folder}/${module}-${order}.ko`),
  );
  return own !== undefined && existsSync(own) ? own : String(labs);
}

const { calls, traces, graphs } = readJson<{ calls: Call[]; traces: Trace[]; graphs: Graph[] }>(
  "expected.json",
);

/** Graph events as in expected.json: each function with the functions it called in braces. */
function graphOf(events: Iterable<GraphEvent>): string {
  const words: string[] = [];
  const open: number[] = [];
  for (const { type, name, depth } of events) {
    if (type === "funcgraph_entry") {
      assert.equal(depth, open.length);
      open.push(words.push(name, "{"));
    } else if (words.length > (open.pop() ?? 0)) {
      words.push("}");
    } else {
      words.pop(); // it called nothing: no braces
    }
  }
  assert.equal(open.length, 0, "every function returned");
  return words.join(" ");
}

for (const order of ORDERS) {
  const modules = new Set(calls.flatMap((call) => call.modules));
  for (const module of modules) {
    test(`${module}, ${order} endian, computes what QEMU computes`, async () => {
      const machine = await Machine.create({ endian: order });
      await machine.insmod(built(module, order));
      for (const call of calls) {
        if (!call.modules.includes(module)) continue;
        const wide = typeof call.result === "string";
        const given = [...call.arguments];
        if (wide && given.length === 4 && order === "big") given.push(...given.splice(2).reverse());
        const { v0, v1 } = machine.call(call.function, given);
        const [low, high] = order === "little" ? [v0, v1] : [v1, v0];
        const word = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
        const result = wide ? `0x${word(high)}${word(low)}` : v0 >>> 0;
        assert.equal(result, call.result, `${call.function}(${call.arguments.join(", ")})`);
      }
    });
  }
}

for (const way of WAYS) {
  test(`every form of call site gives QEMU's events, traced the ${way} way`, async () => {
    for (const trace of traces) {
      const order: Endian = trace.module.endsWith("-big") ? "big" : "little";
      const machine = await Machine.create({ endian: order });
      const module = await machine.insmod(built(trace.module.slice(0, -order.length - 1), order));
      const tracer = machine.trace({ way });
      machine.call(trace.function, trace.arguments);
      tracer.stop();
      const place = (address: number): string => {
        const symbol = machine.symbolAt(address);
        if (symbol === undefined || symbol.module !== module.name) return "outside";
        return `${symbol.name}+0x${symbol.offset.toString(16)}`;
      };
      const events = [...tracer.events()].map(
        ({ ip, parentIp }) => `${place(ip)} <- ${place(parentIp)}`,
      );
      assert.deepEqual(events, trace.events, `${trace.module}: ${trace.function}`);
    }
  });
}

for (const way of WAYS) {
  for (const engine of way === "native" ? ENGINES : (["auto"] as const)) {
    test(`function_graph records QEMU's graphs, traced the ${way} way by the ${engine}`, async () => {
      for (const graph of graphs) {
        const order: Endian = graph.module.endsWith("-big") ? "big" : "little";
        const name = graph.module.slice(0, -order.length - 1);
        // Where the site was built without -mmcount-ra-address, the prologue gives the place of ra.
        const without = { modern: "modern_nora", shapes: "shapes_nora", jal2009ra: "jal2009" }[
          name
        ];
        for (const module of without === undefined ? [name] : [name, without]) {
          const machine = await Machine.create({ endian: order, engine });
          await machine.insmod(built(module, order));
          machine.call(graph.function, graph.arguments); // the heap is different afterwards
          const plain = machine.call(graph.function, graph.arguments);
          const tracer = machine.trace({ tracer: "function_graph", way });
          const traced = machine.call(graph.function, graph.arguments);
          tracer.stop();
          assert.equal(traced.v0, plain.v0);
          if (way === "native") assert.deepEqual(traced, plain);
          else assert.ok(traced.instructions > plain.instructions);
          assert.equal(graphOf(tracer.events()), graph.graph, `${module}: ${graph.function}`);
        }
      }
    });
  }
}

test("without trampolines the loader prints what Linux 6.1 prints", async () => {
  const needs: Readonly<Record<string, string>> = { imports: "init", imports_undeclared: "init" };
  for (const [name, verdict] of Object.entries(
    readJson<Record<string, Verdict>>("verdicts.json"),
  )) {
    if (BY_CHECKSUM.includes(name)) continue;
    const machine = await Machine.create();
    const need = needs[name];
    if (need !== undefined) await machine.insmod(built(need, "little"));
    const load = machine.insmod(built(name, "little"), { farJumps: "refuse", init: true });
    if (verdict.errno === null) {
      await load;
      assert.deepEqual(machine.log, verdict.dmesg, name);
    } else {
      await assert.rejects(load, (error) => {
        assert.ok(error instanceof Refusal, `${name}: ${String(error)}`);
        const dmesg = error.dmesg.filter((line) => !ONCE_A_BOOT.test(line));
        assert.deepEqual([error.errno, dmesg], [verdict.errno, verdict.dmesg], name);
        return true;
      });
    }
  }
});
