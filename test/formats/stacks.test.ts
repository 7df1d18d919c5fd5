// Tests which stack a call is on: a task has one on every CPU, and each CPU's idle task has its own. In every format,
// callers are the true ones and no stack's time runs backwards.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { callsOf } from "../../src/compare/calls.ts";
import { traceText } from "../../src/formats/export.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import type { RecordedEvent, Trace } from "../../src/formats/trace.ts";
import { entry, exit, traceOf } from "./traces.ts";

const GRAPH_HEAD =
  "# tracer: function_graph\n#\n# CPU  DURATION                  FUNCTION CALLS\n# |     |   |                     |   |   |   |\n";

/** Two CPUs in one text: calls of one begin and end during those of the other. */
const TWO_CPUS = `${GRAPH_HEAD} 0)               |  outer_a() {
 1)               |  outer_b() {
 0)   0.500 us    |    inner_a();
 1)   0.700 us    |    inner_b();
 1)   9.000 us    |  }
 0)   0.100 us    |    last_a();
 0) + 12.000 us   |  }
 1)   2.000 us    |  next_b();
`;

const read = (text: string): Trace => traceFromBytes(Buffer.from(text), "trace");
const textOf = (trace: Trace, format: Parameters<typeof traceText>[1]): string =>
  [...traceText(trace, format)].join("");

/** The idle tasks of two CPUs, both with pid 0, and a task that moves from one to the other during a call. */
function machine(): Trace {
  const idle = { name: "<idle>", pid: 0 };
  const task = { name: "sh", pid: 141 };
  const on = (cpu: number, whose: typeof idle, event: RecordedEvent): RecordedEvent => ({
    ...event,
    ...{ cpu, task: whose, flags: ".....", lost: 0 },
  });
  const events = [
    on(0, idle, entry(100, "work_run", 0)),
    on(1, idle, entry(110, "work_copy", 0)),
    on(1, idle, entry(120, "mix", 1)),
    on(0, idle, entry(130, "checksum", 1)),
    on(1, idle, exit(120, 140, "mix", 1)),
    on(0, idle, exit(130, 150, "checksum", 1)),
    on(0, idle, exit(100, 160, "work_run", 0)),
    on(0, task, entry(170, "work_run", 0)),
    on(1, idle, exit(110, 180, "work_copy", 0)),
    on(1, task, entry(190, "mix", 1)),
    on(1, task, exit(190, 200, "mix", 1)),
    on(1, task, exit(170, 210, "work_run", 0)),
  ];
  return { ...traceOf(events), cpus: 2 };
}

interface ChromeEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
}

/** Each call with the calls around it, as a viewer of Chrome's format nests B and E. */
function chromeStacks(trace: Trace): string[] {
  const { traceEvents } = JSON.parse(textOf(trace, "chrome"));
  const open = new Map<string, string[]>();
  const last = new Map<string, number>();
  const stacks: string[] = [];
  for (const { ph, name, pid, tid, ts } of traceEvents as ChromeEvent[]) {
    if (ph === "M") continue;
    const thread = `${pid}/${tid}`;
    assert.ok(ts >= (last.get(thread) ?? 0), `${name} runs backwards`);
    last.set(thread, ts);
    const names = open.get(thread) ?? [];
    open.set(thread, names);
    if (ph === "B") stacks.push([...names, name].join(";"));
    if (ph === "B") names.push(name);
    else if (ph === "E") assert.equal(names.pop(), name);
  }
  for (const names of open.values()) assert.deepEqual(names, []);
  return stacks;
}

suite("stacks", () => {
  test("of two CPUs in one text are two", () => {
    const trace = read(TWO_CPUS);
    assert.equal(
      textOf(trace, "folded"),
      [
        "<...>-0 [000];outer_a 11400",
        "<...>-0 [000];outer_a;inner_a 500",
        "<...>-0 [000];outer_a;last_a 100",
        "<...>-0 [001];outer_b 8300",
        "<...>-0 [001];outer_b;inner_b 700",
        "<...>-0 [001];next_b 2000",
        "",
      ].join("\n"),
    );
    const stacks = [
      ...["outer_a", "outer_b", "outer_a;inner_a", "outer_b;inner_b"],
      ...["outer_a;last_a", "next_b"],
    ];
    assert.deepEqual(chromeStacks(trace), stacks);
    assert.deepEqual(
      [...callsOf(trace.events)].map(({ name, caller }) => `${caller} > ${name}`),
      stacks.map((stack) => stack.split(";")).map(([a, b]) => (b ? `${a} > ${b}` : `null > ${a}`)),
    );
  });

  test("of idle tasks belong to their CPU, and a task keeps its stack when it moves", () => {
    const trace = machine();
    assert.equal(
      textOf(trace, "folded"),
      [
        "<idle>-0 [000];work_run [modern] 400",
        "<idle>-0 [000];work_run [modern];checksum [modern] 200",
        "<idle>-0 [001];work_copy [modern] 500",
        "<idle>-0 [001];work_copy [modern];mix [modern] 200",
        "sh-141;work_run [modern] 300",
        "sh-141;work_run [modern];mix [modern] 100",
        "",
      ].join("\n"),
    );
    assert.deepEqual(chromeStacks(trace), [
      ...["work_run", "work_copy", "work_copy;mix", "work_run;checksum"],
      ...["work_run", "work_run;mix"],
    ]);
  });

  for (const [name, make] of [
    ["text of two CPUs", () => read(TWO_CPUS)],
    ["idle tasks and one that moves", machine],
  ] as const) {
    test(`speedscope's profiles open and close in order: ${name}`, () => {
      const { profiles } = JSON.parse(textOf(make(), "speedscope"));
      for (const { events, startValue, endValue } of profiles) {
        const open: number[] = [];
        let last = startValue;
        for (const { type, at, frame } of events) {
          assert.ok(at >= last && at <= endValue);
          last = at;
          if (type === "O") open.push(frame);
          else assert.equal(open.pop(), frame);
        }
        assert.deepEqual(open, []);
      }
      assert.equal(profiles.length, name.includes("moves") ? 3 : 2);
    });

    test(`systrace's marks close the calls that their thread opened: ${name}`, () => {
      const open = new Map<string, number>();
      for (const line of textOf(make(), "systrace").split("\n")) {
        const found = /-(\d+) .*: tracing_mark_write: ([BE])\|(\d+)/.exec(line);
        if (found === null) continue;
        const [, pid, mark, marked = ""] = found;
        assert.equal(pid, marked);
        const left = (open.get(marked) ?? 0) + (mark === "B" ? 1 : -1);
        assert.ok(left >= 0);
        open.set(marked, left);
      }
      assert.equal(open.size, name.includes("moves") ? 3 : 2);
      for (const left of open.values()) assert.equal(left, 0);
    });
  }

  test("a return whose entry was lost, and an entry whose return was lost, give no false callers", () => {
    const trace = read(
      `${GRAPH_HEAD} 0)               |  outer() {\n 0)               |    gone() {\n` +
        " 0)   1.000 us    |    after();\n 0)   4.000 us    |  }\n 0)   2.000 us    |      } /* odd */\n",
    );
    const folded = textOf(trace, "folded");
    assert.match(folded, /outer;after 1000$/m);
    assert.doesNotMatch(folded, /gone;after/);
    assert.match(folded, /^<\.\.\.>-0;odd 2000$/m);
    chromeStacks(trace);
  });
});
