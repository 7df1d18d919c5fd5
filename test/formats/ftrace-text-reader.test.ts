// Reads ftrace text, from lines that a real 6.1 kernel printed and from farjal's own.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { traceText } from "../../src/formats/export.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import type { Trace } from "../../src/formats/trace.ts";
import { ftraceHeader, ftraceLine } from "../../src/ftrace/text/function-text.ts";
import { functionEvents, traceOf } from "./traces.ts";

const read = (text: string): Trace => traceFromBytes(Buffer.from(text), "trace");

const GRAPH = `# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
# |     |   |                     |   |   |   |
 0)               |  rec [gmod]() {
 0)               |    par [gmod]() {
 0) + 63.647 us   |      leafA [gmod]();
 0)   5.500 us    |      leafB();
 0) # 1097.492 us |    }
 0) * 12345.67 us |  } /* rec [gmod] */
`;

suite("ftrace text", () => {
  test("of function is read back as it was written", () => {
    const { task, events } = traceOf(functionEvents());
    const text = [...events].map((event) =>
      event.type === "function" ? ftraceLine(task, event) : "",
    );
    const count = text.length;
    const trace = read(`${ftraceHeader({ entries: count, written: count + 9 })}${text.join("")}`);
    const line = (event: {
      type: string;
      microseconds: number;
      name: string;
      parentName?: string;
    }) => [event.type, event.microseconds, event.name, event.parentName].join(" ");
    assert.deepEqual(
      [...trace.events].map((event) => line(event)),
      [...events].map((event) => line(event)),
    );
    assert.deepEqual([trace.task, trace.overruns, trace.addresses], [task, 9, false]);
  });

  test("of a real machine: other tasks, flags, losses", () => {
    const trace = read(
      "# tracer: function\n#\n" +
        "          insmod-104     [000] .....     4.628336: top <-init_module\n" +
        "CPU:1 [LOST 12 EVENTS]\n" +
        "   kworker/0:1-17      [001] dNh2.  9999.000001: a.part.0 <-b\n",
    );
    const [first, second] = trace.events;
    assert.deepEqual(first?.task, { name: "insmod", pid: 104 });
    assert.deepEqual(second?.task, { name: "kworker/0:1", pid: 17 });
    assert.deepEqual([second?.flags, second?.lost, second?.cpu], ["dNh2.", 12, 1]);
    assert.equal(second?.count, 9_999_000_001);
  });

  test("of function_graph keeps order, depth and durations", () => {
    const events = [...read(GRAPH).events];
    assert.deepEqual(
      events.map((event) => [
        event.type.slice(10),
        event.name,
        event.module,
        "depth" in event && event.depth,
      ]),
      [
        ["entry", "rec", "gmod", 0],
        ["entry", "par", "gmod", 1],
        ["entry", "leafA", "gmod", 2],
        ["exit", "leafA", "gmod", 2],
        ["entry", "leafB", null, 2],
        ["exit", "leafB", null, 2],
        ["exit", "par", "gmod", 1],
        ["exit", "rec", "gmod", 0],
      ],
    );
    const took = events.flatMap((event) =>
      event.type === "funcgraph_exit" ? [event.count - event.entryCount] : [],
    );
    assert.deepEqual(took, [63_647, 5500, 1_097_492, 12_345_670]);
    const counts = events.map(({ count }) => count);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
  });

  test("of another tracer is refused, and lines that are no event are counted and skipped", () => {
    assert.throws(() => read("# tracer: mmiotrace\n"), /trace is the text of 'mmiotrace'/);
    const trace = read(
      `# tracer: function\nhello\n${line("a <-b")}${"x".repeat(1 << 20)}\n${line("c <-a")}`,
    );
    assert.deepEqual(names(trace), ["a", "c"]);
    assert.deepEqual(trace.notes?.(), [
      "trace: passed over 2 lines that are no event, line 2 first: hello",
    ]);
  });
});

/** A line as trace_print_context() prints it: kernel/trace/trace_output.c. */
function line(
  text: string,
  context = "              sh-141     [000] d..1.    12.000001: ",
): string {
  return `${context}${text}\n`;
}

const names = (trace: Trace): string[] => [...trace.events].map(({ name }) => name);

/** Each kind of record as one text. */
function recordsText(trace: Trace): string[] {
  return [...trace.records].map((record) => {
    const { task = trace.task, cpu } = record;
    const who = `${task.name}-${task.pid} ${cpu}`;
    if (record.type === "function") return `${who} ${record.name} <-${record.parentName}`;
    if (record.type === "other") return `${who} ${record.name}: ${record.fields}`;
    return `${who} ${record.type.slice(10)} ${record.depth} ${record.name}`;
  });
}

suite("ftrace text of function, 5.10 to 6.18", () => {
  /** trace_print_context(), trace_print_lat_context() and verbose, by release and option. */
  const contexts = {
    "5.10, four flag columns": "              sh-141     [003] d..1    12.000001: ",
    "6.1, five": "              sh-141     [003] d..1.    12.000001: ",
    "PREEMPT_RT, seven": "              sh-141     [003] d...1..    12.000001: ",
    "noirq-info": "              sh-141     [003]    12.000001: ",
    "record-tgid": "              sh-141     (    140) [003] d..1.    12.000001: ",
    "record-tgid, no group known": "              sh-141     (-------) [003] d..1.    12.000001: ",
    "latency-format": "      sh-141       3d..1.   12us+: ",
    "latency-format, nothing to mark": "      sh-141       3d..1.   12us : ",
    "latency-format with verbose":
      "              sh     141   3 1 00000001 00000000 [00b71b01] 12.000ms (+0.001ms): ",
    "the clock counter": "              sh-141     [003] d..1. 48230194822: ",
    "latency-format with the clock x86-tsc": "      sh-141       3d..1. 48230194822: ",
  };
  for (const [name, context] of Object.entries(contexts)) {
    test(name, () => {
      const trace = read(
        `# tracer: function\n#\n${line("alpha <-beta", context)}${line("tick: n=1", context)}`,
      );
      assert.deepEqual(recordsText(trace), ["sh-141 3 alpha <-beta", "sh-141 3 tick: n=1"]);
      const ticks = name.includes("clock");
      assert.equal(trace.ticks ?? false, ticks);
      const [first] = trace.events;
      if (ticks) assert.equal(first?.count, 48230194822);
      else assert.ok([12, 12_000_001].includes(first?.microseconds ?? 0));
      assert.deepEqual(trace.notes?.(), []);
    });
  }

  /** seq_print_ip_sym(), print_fn_trace(), trace_func_repeats_print() and print_function_args(). */
  const calls = {
    "alpha <-beta": "alpha <-beta",
    "alpha+0x8/0x40 <-beta+0x24/0x100": "alpha <-beta",
    "alpha+0x8/0x40 [mod] <-beta+0x24/0x100 [mod]": "alpha <-beta",
    "alpha <80101234> <-beta <80105678>": "alpha <-beta",
    "alpha+0x8/0x40 <ffffffff80101234> <-beta+0x24/0x100 <ffffffff80105678>": "alpha <-beta",
    "alpha.part.0 <-[unknown/kretprobe'd]": "alpha.part.0 <-[unknown/kretprobe'd]",
    "0xc0012344 <-0xc0045678": "0xc0012344 <-0xc0045678",
    "alpha <-0": "alpha <-0",
    alpha: "alpha <-<...>",
    'alpha(count=12, buf=0xffff8880 "a <b: c", ...) <-beta': "alpha <-beta",
  };
  for (const [text, expected] of Object.entries(calls)) {
    test(`the call ${text}`, () => {
      const trace = read(`# tracer: function\n${line(text)}`);
      assert.deepEqual(recordsText(trace), [`sh-141 0 ${expected}`]);
    });
  }

  test("func-no-repeats: a call occurs as often as it was made", () => {
    const text = "alpha <-beta (repeats: 3, last_ts:    12.000009)";
    const trace = read(`# tracer: function\n${line(text)}${line("gamma <-alpha")}`);
    assert.deepEqual(names(trace), ["alpha", "alpha", "alpha", "gamma"]);
  });

  test("events, markers, stacks and annotations are kept or skipped", () => {
    const trace = read(
      [
        "# tracer: function\r\n#\r\n# entries-in-buffer/entries-written: 9/12   #P:2\r\n#\r\n",
        line("alpha <-beta\r"),
        line("sched_switch: prev_comm=sh prev_pid=141 ==> next_comm=swapper/0 next_pid=0\r"),
        line("tracing_mark_write: hello: from <-user\r"),
        line("work+0x10/0x20 [mod]: said by trace_printk\r"),
        line("<stack trace>\r"),
        " => alpha\r\n => beta+0x10/0x40\r\n",
        line("<user stack trace>\r"),
        " =>  <000055d0>\r\n",
        "##### CPU 1 buffer started ####\r\n",
        "CPU:1 [LOST 12 EVENTS]\r\n",
        line("gamma <-alpha\r", "          <idle>-0       [001] ..s..    12.000002: "),
      ].join(""),
    );
    assert.deepEqual(recordsText(trace), [
      "sh-141 0 alpha <-beta",
      "sh-141 0 sched_switch: prev_comm=sh prev_pid=141 ==> next_comm=swapper/0 next_pid=0",
      "sh-141 0 print: tracing_mark_write: hello: from <-user",
      "sh-141 0 work: said by trace_printk",
      "sh-141 0 kernel_stack: <stack trace>\n => alpha\n => beta+0x10/0x40",
      "sh-141 0 user_stack: <user stack trace>\n =>  <000055d0>",
      "<idle>-0 1 gamma <-alpha",
    ]);
    assert.deepEqual(
      [...trace.events].map(({ lost }) => lost),
      [0, 12],
    );
    assert.equal(trace.others?.(), 5);
    assert.deepEqual([trace.notes?.(), trace.cpus, trace.overruns], [[], 2, 3]);
  });

  test("tasks whose names have blanks, dashes, brackets and colons", () => {
    const trace = read(
      "# tracer: function\n" +
        line("a <-b", " Web Content 1 2-141     [000] d..1.    12.000001: ") +
        line("a <-b", "  a-b-[1] 5: x-7-99      [000] d..1.    12.000001: ") +
        line("a <-b", "   kworker/u4:1+-17      [000] d..1.    12.000001: "),
    );
    assert.deepEqual(
      [...trace.events].map(({ task }) => `${task?.name}|${task?.pid}`),
      ["Web Content 1 2|141", "a-b-[1] 5: x-7|99", "kworker/u4:1+|17"],
    );
  });

  test("a task without a name is one, and a column's width is in bytes", () => {
    const trace = read(
      "# tracer: function\n" +
        line("a <-b", "                -141     [000] d..1.    12.000001: ") +
        line("a <-b", "           größe-142     [000] d..1.    12.000001: "),
    );
    assert.deepEqual(
      [...trace.events].map(({ task }) => `${task?.name}|${task?.pid}`),
      ["|141", "größe|142"],
    );
    // printf's %16s counts bytes.
    const again = [...traceText(trace, "ftrace")].join("");
    assert.match(again, /^ {16}-141 {5}\[000\]/m);
    assert.match(again, /^ {9}größe-142 {5}\[000\]/m);
    const graph = read(
      "# tracer: function_graph\n#\n# CPU  TASK/PID         DURATION                  FUNCTION CALLS\n" +
        " 0)      -141     |   0.500 us    |  alpha();\n",
    );
    assert.deepEqual([...graph.events][0]?.task, { name: "", pid: 141 });
  });

  test("the dumps of ftrace's buffer in a kernel's log", () => {
    // sysrq-z of Debian's 6.1.0-50-4kc-malta, with the tracer function and func-no-repeats.
    const dump = (prefix: string): string =>
      [
        "random: crng init done",
        "sysrq: Dump ftrace buffer",
        "Dumping ftrace buffer:",
        "---------------------------------",
        "CPU:0 [LOST 12 EVENTS]",
        "farjal-a-1         0..... 12101us : vfs_open <-path_openat",
        "farjal-a-1         0..... 12296us : vfs_read <-ksys_read (repeats: 2, last_ts:     2.097639)",
        "farjal-a-1         0..... 12349us : vfs_write <-ksys_write",
        "---------------------------------",
        "farjal-a-1         0..... 12349us : not_dumped <-ksys_write",
      ]
        .map((text) => `${prefix}${text}\n`)
        .join("");
    const prefixes = [
      "",
      "[    2.099000] ",
      "[    2.099000][    T1] ",
      "[    2.099000] [C1] ",
      "<0>[    2.099000] ",
      "kern  :emerg : [    2.099000] ",
      "[Mon Nov 30 19:00:01 2026] ",
      "Nov 30 19:00:01 malta kernel: [    2.099000] ",
      "Nov 30 19:00:01 malta kernel: ",
    ];
    for (const prefix of prefixes) {
      const trace = read(dump(prefix));
      assert.deepEqual(
        recordsText(trace),
        [
          "farjal-a-1 0 vfs_open <-path_openat",
          "farjal-a-1 0 vfs_read <-ksys_read",
          "farjal-a-1 0 vfs_read <-ksys_read",
          "farjal-a-1 0 vfs_write <-ksys_write",
        ],
        prefix,
      );
      const [first] = trace.events;
      assert.deepEqual([first?.microseconds, first?.lost], [12_101, 12], prefix);
      assert.deepEqual(trace.notes?.(), [], prefix);
    }
    // The same of function_graph, with funcgraph-proc; another kernel message came between.
    const graph = read(
      [
        "Dumping ftrace buffer:",
        "---------------------------------",
        " 0)   farjal--1    | * 23528.20 us |  } /* vfs_open */",
        " 0)   farjal--1    | + 17.220 us   |  vfs_read();",
        "usb 1-1: new high-speed USB device",
        " 0)   farjal--1    |               |  vfs_write() {",
        "---------------------------------",
      ]
        .map((text) => `[    2.099000] ${text}\n`)
        .join(""),
    );
    assert.deepEqual(recordsText(graph), [
      "farjal--1 0 exit 0 vfs_open",
      "farjal--1 0 entry 0 vfs_read",
      "farjal--1 0 exit 0 vfs_read",
      "farjal--1 0 entry 0 vfs_write",
    ]);
    assert.match(graph.notes?.()[0] ?? "", /passed over 1 line .* usb 1-1/);
    const empty = read(
      "[ 46.1] x\n[   46.129062] Dumping ftrace buffer:\n[   46.129406]    (ftrace buffer empty)\n",
    );
    assert.deepEqual([...empty.records], []);
  });

  test("of trace_pipe, which has no header, and of nop, which has no calls", () => {
    assert.deepEqual(names(read(line("alpha <-beta"))), ["alpha"]);
    assert.deepEqual(names(read(" 0)   0.500 us    |  inner();\n")), ["inner", "inner"]);
    assert.throws(() => read("| a | b(); |\n|---|---|\n"), /neither a trace.dat nor ftrace text/);
    const trace = read(`# tracer: nop\n#\n${line("tick: n=1")}`);
    assert.deepEqual(recordsText(trace), ["sh-141 0 tick: n=1"]);
  });

  test("events of system calls, which print no name, are no calls of functions", () => {
    // print_syscall_enter() and print_syscall_exit(), kernel/trace/trace_syscalls.c.
    const trace = read(
      `# tracer: function\n${line("alpha <-beta")}` +
        line("sys_read(fd: 3, buf: 7ffe2f000000, count: 2000)") +
        line("sys_read(unsigned int fd: 3, char * buf: 7ffe2f000000, size_t count: 2000)") +
        line("sys_read -> 0xfffffffffffffff2") +
        line("sys_getpid()") +
        line("sys_getpid <-do_syscall"),
    );
    assert.deepEqual(recordsText(trace), [
      "sh-141 0 alpha <-beta",
      "sh-141 0 sys_enter_read: fd: 3, buf: 7ffe2f000000, count: 2000",
      "sh-141 0 sys_enter_read: unsigned int fd: 3, char * buf: 7ffe2f000000, size_t count: 2000",
      "sh-141 0 sys_exit_read: 0xfffffffffffffff2",
      "sh-141 0 sys_enter_getpid: ",
      "sh-141 0 sys_getpid <-do_syscall",
    ]);
  });

  test("names of tasks and markers in UTF-8", () => {
    const trace = read(
      "# tracer: nop\n" +
        line("tracing_mark_write: grüße ←", "           größe-141     [000] d..1.    12.000001: "),
    );
    assert.deepEqual(recordsText(trace), ["größe-141 0 print: tracing_mark_write: grüße ←"]);
  });

  test("the latency tracers print calls too, and wakeups", () => {
    const context = "  <idle>-0         3dNs7.    1us+: ";
    const head = "#\n# wakeup latency trace v1.1.5 on 6.1.0\n# latency: 15 us, #4/4, CPU#3 |\n";
    const trace = read(
      `# tracer: wakeup\n${head}` +
        line("     0:120:R   + [003]   312:100:R kworker/3:1H", context) +
        line("ttwu_do_activate <-try_to_wake_up", context) +
        line("     0:120:R ==> [003]   312:100:R kworker/3:1H", context),
    );
    assert.deepEqual(recordsText(trace), [
      "<idle>-0 3 print:      0:120:R   + [003]   312:100:R kworker/3:1H",
      "<idle>-0 3 ttwu_do_activate <-try_to_wake_up",
      "<idle>-0 3 print:      0:120:R ==> [003]   312:100:R kworker/3:1H",
    ]);
    const graph = read(
      "# tracer: irqsoff\n#\n# irqsoff latency trace v1.1.5 on 6.1.0\n" +
        "#   REL TIME      CPU  TASK/PID       ||||     DURATION                  FUNCTION CALLS\n" +
        "        1 us |   0)   bash-1507    |  d..2. |               |  outer() {\n" +
        "        2 us |   0)   bash-1507    |  d..2. |   0.169 us    |    inner();\n" +
        "        4 us |   0)   bash-1507    |  d..2. |   2.441 us    |  }\n",
    );
    assert.deepEqual(recordsText(graph), [
      "bash-1507 0 entry 0 outer",
      "bash-1507 0 entry 1 inner",
      "bash-1507 0 exit 1 inner",
      "bash-1507 0 exit 0 outer",
    ]);
    assert.deepEqual([trace.notes?.(), graph.notes?.()], [[], []]);
  });

  test("repetition counts in a hostile file are bounded, and noted", () => {
    const text = line("alpha <-beta (repeats: 65535, last_ts:    12.000009)").repeat(100);
    const trace = read(`# tracer: function\n${text}`);
    assert.equal([...trace.events].length, (1 << 20) + 100);
    assert.match(trace.notes?.()[0] ?? "", /left out \d+ repetitions/);
  });
});

suite("ftrace text of function_graph, 5.10 to 6.18", () => {
  /** print_graph_entry_leaf(), print_graph_return() and print_graph_retval() of 5.10, 6.5 and 6.14. */
  const lines = {
    "inner();": "leaf",
    "inner [mod]();": "leaf",
    "inner(); /* = 0x0 */": "leaf",
    "inner(); /* = -14 */": "leaf",
    "inner(); /* ret=0x0 */": "leaf",
    "inner(); /* <-outer+0x14/0x80 ret=0x0 */": "leaf",
    "inner [mod](fd=3, buf=0x7ffe, count=12); /* ret=12 */": "leaf",
    "inner() {": "entry",
    "inner() { /* <-outer+0x14/0x80 */": "entry",
    'inner(name="a } b", ...) {': "entry",
  };
  for (const [text, kind] of Object.entries(lines)) {
    test(`the line ${text}`, () => {
      const closed = kind === "leaf" ? "" : " 0)   0.500 us    |    }\n";
      const trace = read(
        "# tracer: function_graph\n#\n# CPU  DURATION                  FUNCTION CALLS\n" +
          ` 0)               |  outer() {\n 0)   0.500 us    |    ${text}\n${closed}` +
          " 0)   1.000 us    |  } /* outer ret=-22 */\n",
      );
      assert.deepEqual(
        recordsText(trace).map((record) => record.slice("<...>-0 0 ".length)),
        ["entry 0 outer", "entry 1 inner", "exit 1 inner", "exit 0 outer"],
      );
      assert.deepEqual(trace.notes?.(), []);
    });
  }

  test("closing braces name functions whose entry is missing, in each release's form", () => {
    for (const tail of ["f", "f [mod]", "f = 0x0", "f = -14", "f ret=0x0", "f [mod] ret=-1"]) {
      const trace = read(`# tracer: function_graph\n 0)   2.000 us    |  } /* ${tail} */\n`);
      const [event] = trace.events;
      assert.equal(event?.name, "f", tail);
      assert.equal(event?.module, tail.includes("[mod]") ? "mod" : null, tail);
    }
  });

  test("interrupts, comments, overruns and stacks don't change the calls around them", () => {
    const trace = read(
      "# tracer: function_graph\n#\n# CPU  DURATION                  FUNCTION CALLS\n" +
        " 0)               |  outer() {\n" +
        " 0)   ==========> |\n" +
        " 0)               |    do_IRQ() {\n" +
        " 0)   1.230 us    |      inner_irq();\n" +
        " 0)   5.000 us    |    }\n" +
        " 0)   <========== |\n" +
        " 0)               |    /* tick: n=1 | 2 */\n" +
        " 0)               |    /* hello marker */\n" +
        "              sh-141     [000] .....    12.000002: <stack trace>\n => inner\n" +
        " 0)   0.500 us    |    inner();\n" +
        " 0) + 12.000 us   |  }\n (Overruns: 7)\n",
    );
    assert.deepEqual(
      recordsText(trace).map((record) => record.replace("<...>-0 0 ", "")),
      [
        "entry 0 outer",
        "entry 1 do_IRQ",
        "entry 2 inner_irq",
        "exit 2 inner_irq",
        "exit 1 do_IRQ",
        "tick: n=1 | 2",
        "print: hello marker",
        "sh-141 0 kernel_stack: <stack trace>\n => inner",
        "entry 1 inner",
        "exit 1 inner",
        "exit 0 outer",
      ],
    );
    const last = [...trace.events].at(-1);
    assert.equal(last?.type === "funcgraph_exit" && last.overrun, 7);
    assert.deepEqual(trace.notes?.(), []);
  });

  test("tasks are those of switches, even before the first switch and with blanks in a name", () => {
    const rule = ` ${"-".repeat(42)}\n`;
    const trace = read(
      "# tracer: function_graph\n#\n# CPU  DURATION                  FUNCTION CALLS\n" +
        ` 0)   0.500 us    |  a();\n${rule} 0)  Web Con-141   =>  kworker-9    \n${rule}\n` +
        " 0)   0.500 us    |  b();\n 1)   0.500 us    |  c();\n",
    );
    assert.deepEqual(
      [...trace.events].filter(({ type }) => type === "funcgraph_entry").map(({ task }) => task),
      [{ name: "Web Con", pid: 141 }, { name: "kworker", pid: 9 }, undefined],
    );
    assert.equal(trace.cpus, 2);
  });

  test("the header determines the columns: times, tasks and flags of latency-format", () => {
    const trace = read(
      "# tracer: function_graph\n#\n" +
        "#     TIME        CPU  TASK/PID         ||||   DURATION                  FUNCTION CALLS\n" +
        "   12.000001 |   0)   sh-141     |  d..1. |               |  outer() {\n" +
        "   12.000002 |   0)   sh-141     |  d..1. |   0.500 us    |    inner();\n" +
        "   12.000013 |   0)   sh-141     |  d..1. | + 12.000 us   |  }\n",
    );
    assert.deepEqual(
      [...trace.events].map(({ microseconds, flags, task }) => [microseconds, flags, task?.name]),
      [
        [12_000_001, "d..1.", "sh"],
        [12_000_002, "d..1.", "sh"],
        [12_000_002, "d..1.", "sh"],
        [12_000_013, "d..1.", "sh"],
      ],
    );
  });
});
