// Tests `farjal trace`: QEMU's events in both byte orders, native and by guest code; trace-cmd's options; the
// kernel's text.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryFile } from "../support/repository.ts";
import {
  assertMisuse,
  assertNothing,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  temporaryDirectory,
} from "./farjal.ts";

interface Event {
  readonly ts: number;
  readonly cpu: number;
  readonly func: string;
  readonly parent: string;
  readonly ip: string;
  readonly parentIp: string;
}

interface Expected {
  readonly traces: readonly {
    readonly module: string;
    readonly function: string;
    readonly events: readonly string[];
  }[];
}

/** The functions in QEMU's events of work_run(1). */
function expectedFunctions(module: string): string[] {
  const path = repositoryFile("test/modules/expected.json");
  const { traces } = JSON.parse(readFileSync(path, "utf8")) as Expected;
  const trace = traces.find((one) => one.module === module && one.function === "work_run");
  assert.ok(trace);
  return trace.events.map((event) => event.replace(/\+.*/, ""));
}

for (const order of ORDERS) {
  for (const way of ["native", "guest"]) {
    test(`trace gives QEMU's events of the ${order}-endian module of 2009, the ${way} way`, () => {
      const words = [
        "trace",
        builtModule("jal2009", order),
        "--call",
        "work_run",
        "1",
        "--way",
        way,
      ];
      const { code, json } = farjalJson(words);
      assert.equal(code, 0);
      const events: Event[] = json.events;
      assert.deepEqual(
        events.map(({ func }) => func),
        expectedFunctions(`jal2009-${order}`),
      );
      assert.deepEqual([json.entries, json.overruns], [events.length, 0]);
      const times = events.map(({ ts }) => ts);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      for (const { cpu, ip, parentIp } of events) {
        assert.equal(cpu, 0);
        assert.match(`${ip} ${parentIp}`, /^0x[0-9a-f]{8} 0x[0-9a-f]{8}$/);
      }
      assert.equal(events[1]?.parent, "work_run");
      assert.equal(json.exception, null);
    });
  }
}

test("trace prints the kernel's text on stdout and the result on stderr", () => {
  const { code, stdout, stderr } = farjal([
    "trace",
    builtModule("modern", "little"),
    "--call",
    "work_run",
    "1",
  ]);
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  const events = expectedFunctions("modern-little").length;
  assert.equal(lines[0], "# tracer: function");
  assert.equal(lines[2], `# entries-in-buffer/entries-written: ${events}/${events}   #P:1`);
  assert.equal(lines.length, 12 + events);
  for (const line of lines.slice(12)) {
    assert.match(line, /^ {10}farjal-1 {7}\[000\] \.{5} +\d+\.\d{6}: \w+ <-\w+$/);
  }
  assert.match(stderr, /^work_run\(1\) = 0x/);
  assert.match(stderr, new RegExp(`${events} of ${events} events kept, 0 overrun`));
});

test("trace is the same, byte for byte, each time", () => {
  const words = ["trace", builtModule("modern", "big"), "--call", "work_run", "3"];
  assert.equal(farjal(words).stdout, farjal(words).stdout);
});

test("trace -l and -n choose functions as the kernel's filters do", () => {
  const functions = (...options: string[]): string[] => {
    const words = ["trace", builtModule("modern", "little"), "--call", "work_run", "1"];
    const events: Event[] = farjalJson([...words, ...options]).json.events;
    return [...new Set(events.map(({ func }) => func))].sort();
  };
  assert.deepEqual(functions("-l", "work_copy", "-l", "mix"), ["mix", "work_copy"]);
  assert.deepEqual(functions("-l", "*_f*"), ["by_fibonacci", "work_fibonacci", "work_fill"]);
  assert.deepEqual(functions("-l", "work_f*:mod:modern", "-n", "*fib*"), ["work_fill"]);
  assert.deepEqual(functions("-l", "work_*:mod:other"), []);
});

test("trace --json gives the duration of each call of function_graph", () => {
  const words = ["trace", builtModule("leaf", "big"), "--call", "leaf_loop", "2"];
  const { json } = farjalJson([...words, "-p", "function_graph"]);
  interface Told {
    readonly event: string;
    readonly ts: number;
    readonly duration?: number;
  }
  const events: Told[] = json.events;
  const [outer, entry, exit] = events;
  assert.ok(outer && entry && exit);
  assert.deepEqual([entry.event, entry.duration], ["funcgraph_entry", undefined]);
  const close = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a} ${b}`);
  close(exit.duration ?? 0, exit.ts - entry.ts);
  close(events.at(-1)?.duration ?? 0, (events.at(-1)?.ts ?? 0) - outer.ts);
});

test("trace -b keeps the newest events and counts the others", () => {
  const words = [
    "trace",
    builtModule("modern", "little"),
    "--call",
    "work_fibonacci",
    "15",
    "-b",
    "1",
  ];
  const { json } = farjalJson(words);
  assert.equal(json.entries, 64);
  assert.equal(json.events.length, 64);
  // fib(15) makes 987 calls: gcc makes a loop of one of the two recursions.
  assert.equal(json.overruns, 987 - 64);
});

test("trace -o writes the text to a file", (context) => {
  const output = join(temporaryDirectory(context), "trace");
  const words = ["trace", builtModule("modern", "little"), "--call", "work_run", "1"];
  const { stdout } = farjal([...words, "-o", output]);
  assert.equal(stdout, "");
  assert.equal(readFileSync(output, "utf8"), farjal(words).stdout);
});

test("trace shows the calls before an exception", () => {
  const words = ["trace", builtModule("modern", "little"), "--call", "work_copy", "0", "0", "4"];
  const { code, json } = farjalJson(words);
  assert.equal(code, 1);
  assert.equal(json.exception.name, "TLBL");
  assert.equal(json.events[0]?.func, "work_copy");
});

test("trace -O changes function_graph's text as trace_options does", () => {
  const trace = (...options: string[]): string => {
    const words = ["trace", builtModule("shapes", "big"), "--call", "shapes_tail", "5"];
    const named = options.flatMap((option) => ["-O", option]);
    const { code, stdout } = farjal([...words, "-p", "function_graph", ...named]);
    assert.equal(code, 0);
    return stdout.split("\n").slice(4).join("\n");
  };
  const plain = trace();
  assert.equal(trace("nofuncgraph-irqs", "sleep-time"), plain);
  assert.equal(
    trace("nofuncgraph-cpu", "nofuncgraph-duration", "funcgraph-tail"),
    "shapes_tail [shapes]() {\n  shapes_leaf [shapes]();\n} /* shapes_tail [shapes] */\n",
  );
});

test("trace: a missing function, module or option is refused in one line", () => {
  const trace = (...options: string[]) =>
    farjal(["trace", builtModule("modern", "little"), "--call", "work_run", "1", ...options]);
  assertMisuse(trace("-p", "nop"), /Allowed choices are function, function_graph/);
  assertMisuse(trace("-p", "function_graph", "-O", "funcgraph"), /no trace option 'funcgraph'/);
  assertMisuse(
    trace("-p", "function_graph", "-O", "nofuncgraph-args"),
    /no Linux for MIPS has the trace option 'funcgraph-args': it needs HAVE_FUNCTION_ARG_ACCESS_API/,
  );
  assertMisuse(trace("--format", "svg"), /Allowed choices are ftrace, report/);
  assertMisuse(trace("-g", "work_run"), /-g is for function_graph/);
  assertNothing(
    trace("-l", "nothing_like_it"),
    /nothing_like_it: no function with a call site matches/,
  );
  for (const option of ["-l", "-n"]) {
    assertNothing(trace(option, "work_rnu"), /did you mean 'work_run'\?/);
  }
  for (const option of ["-g", "--graph-notrace"]) {
    assertNothing(
      trace("-p", "function_graph", option, "nothing_*"),
      /no function with a call site/,
    );
  }
  assertMisuse(trace("--way", "other"), /Allowed choices are native, guest/);
  assertMisuse(trace("-b", "0"), /whole number from 1 to 16384/);
});

test("trace: the options of a real kernel's tracer and of farjal's aren't mixed", () => {
  const trace = (...options: string[]) =>
    farjal(["trace", builtModule("modern", "little"), ...options]);
  assertMisuse(trace(), /name the function to call: --call NAME/);
  assertMisuse(trace("--call", "work_run", "--run", "ls"), /--run is for --on-kernel/);
  assertMisuse(trace("--on-kernel", "k", "--call", "f"), /--call has no meaning with --on-kernel/);
  assertMisuse(trace("--on-kernel", "k", "--base", "0"), /--base has no meaning with --on-kernel/);
  assertMisuse(trace("--on-kernel", "/nowhere"), /\/nowhere can't be read/);
});

test("the trace is in the form of the kernel's release, and so are its trace.dat and its depth", (context) => {
  const module = builtModule("shapes", "little");
  const call = ["--call", "shapes_recurse", "200", "-p", "function_graph"];
  const run = (...options: string[]) => farjal(["trace", module, ...call, ...options]);
  const entries = (...options: string[]): number => {
    const { stdout } = run(...options);
    return stdout.split("\n").filter((line) => line.endsWith("() {") || line.endsWith("();"))
      .length;
  };
  assert.equal(entries("--kernel-release", "5.15"), 50);
  assert.equal(entries("--kernel-release", "6.12.95"), 142);
  assert.equal(entries("--kernel-release", "6.12.95", "--rule", "G1=reserved"), 143);
  const path = join(temporaryDirectory(context), "trace.dat");
  for (const [release, depth] of [
    ["5.10", "int depth;\toffset:32;"],
    ["6.18.35", "unsigned int depth;\toffset:12;"],
  ]) {
    run("--kernel-release", release ?? "", "-o", path);
    const text = readFileSync(path, "latin1");
    assert.ok(text.includes(`field:${depth}`) && text.includes(`Linux farjal ${release} mips`));
    assert.match(farjal(["report", path]).stdout, /shapes_recurse/);
  }
  const { stdout } = run("--kernel-release", "5.10", "--show", "trace_options");
  assert.match(stdout, /\nnopause-on-trace\nfunction-trace\n/);
  const show = ["--show", "touched_functions", "--rule", "F9=none"];
  assertMisuse(run(...show), /has no touched_functions: Linux has it since 6\.6/);
});
