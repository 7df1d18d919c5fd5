// What each release's tracers print and record, as the rules F1 to F16, G1 and G2 have it: a row a release. The expected
// texts are those of the releases' sources, at the places that the table of rules names; those of 6.1 and 6.12 are also
// what running kernels print.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ByteBuffer } from "../../src/bytes/byte-buffer.ts";
import { latin1 } from "../../src/bytes/text.ts";
import { writeTrace } from "../../src/formats/export.ts";
import { entryFormats, formatText, recordSize } from "../../src/formats/trace-dat/event-format.ts";
import { latencyFlags } from "../../src/formats/trace-dat/latency-flags.ts";
import { ftraceHeader } from "../../src/ftrace/text/function-text.ts";
import { traceOptionsText } from "../../src/ftrace/text/trace-options.ts";
import { enabledLine } from "../../src/ftrace/text/tracefs-text.ts";
import { profileFor } from "../../src/kernel/rules/profile.ts";
import type { Rules, TraceRules } from "../../src/kernel/rules/table.ts";
import { traceOf } from "../formats/traces.ts";

const RELEASES = ["5.10", "5.15", "6.1", "6.6", "6.12.95", "6.12.117", "6.18", "7.3"] as const;
type Release = (typeof RELEASES)[number];

const rulesOf = (release: Release, own: Partial<Rules> = {}): TraceRules =>
  profileFor({ release, rules: own }, null, null).rules;

/** Calls `check` with each release's value; a release that isn't named has the value of the one before. */
function forEach<T>(
  values: Partial<Record<Release, T>>,
  check: (release: Release, value: T) => void,
): void {
  let value: T | undefined;
  for (const release of RELEASES) {
    value = values[release] ?? value;
    if (value === undefined) throw new Error(`nothing is expected of ${release}`);
    check(release, value);
  }
}

suite("the texts of tracing by release", () => {
  test("F1: the header has the release's flag columns", () => {
    const five = [
      "#                               / _----=> need-resched",
      "#                              | / _---=> hardirq/softirq",
      "#                              || / _--=> preempt-depth",
      "#                              ||| / _-=> migrate-disable",
      "#                              |||| /     delay",
      "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION",
      "#              | |         |   |||||     |         |",
      "",
    ];
    const expected = {
      "5.10": [
        "#                                _-----=> irqs-off",
        "#                               / _----=> need-resched",
        "#                              | / _---=> hardirq/softirq",
        "#                              || / _--=> preempt-depth",
        "#                              ||| /     delay",
        "#           TASK-PID     CPU#  ||||   TIMESTAMP  FUNCTION",
        "#              | |         |   ||||      |         |",
        "",
      ],
      "5.15": ["#                                _-----=> irqs-off", ...five],
      "6.1": ["#                                _-----=> irqs-off/BH-disabled", ...five],
    };
    forEach(expected, (release, lines) => {
      const { F1 } = rulesOf(release);
      const text = ftraceHeader({ tracer: "nop", entries: 0, written: 0 }, F1);
      const head = ["# tracer: nop", "#", "# entries-in-buffer/entries-written: 0/0   #P:1", "#"];
      assert.deepEqual(text.split("\n"), [...head, ...lines], release);
    });
  });

  test("F2 to F4: an event's bits are the release's letters", () => {
    // common_flags and common_preempt_count, and the columns.
    const common = [
      [0x00, 0x00, "....."],
      [0x01, 0x01, "d..1."],
      [0x0d, 0x01, "dnh1."],
      [0x58, 0x00, "..Z.."],
      [0x20, 0x00, ".p..."],
      [0x34, 0x00, ".Ns.."],
    ] as const;
    const expected: Partial<Record<Release, readonly (readonly [number, number, string])[]>> = {
      "5.10": [
        [0x02, 0x00, "X...."],
        [0x81, 0x02, "d..2."],
        [0x80, 0x12, "...12."],
      ],
      "5.15": [
        [0x02, 0x00, "X...."],
        [0x81, 0x02, "d..2."],
        [0x80, 0x12, "...21"],
      ],
      "6.1": [
        [0x02, 0x00, "X...."],
        [0x81, 0x02, "D..2."],
        [0x80, 0x12, "b..21"],
      ],
      "6.18": [
        [0x02, 0x00, ".l..."],
        [0x06, 0x00, ".b..."],
        [0x22, 0x00, ".L..."],
        [0x26, 0x00, ".B..."],
        [0x83, 0x12, "Dl.21"],
      ],
    };
    forEach(expected, (release, rows) => {
      for (const [flags, preempt, columns] of [...common, ...rows]) {
        assert.equal(
          latencyFlags(flags, preempt, rulesOf(release)),
          columns,
          `${release} ${flags}`,
        );
      }
    });
  });

  test("F5: a line of enabled_functions ends with the release's blanks", () => {
    forEach({ "5.10": 6, "6.6": 11 }, (release, blanks) => {
      const line = enabledLine({ name: "h_leaf", module: "h_exp" }, 1, rulesOf(release).F5);
      assert.equal(line, `h_leaf [h_exp] (1)${" ".repeat(blanks)}\n`, release);
    });
  });

  test("F6, F16, G2: trace_options has the release's options in their order", () => {
    const first = "print-parent nosym-offset nosym-addr noverbose noraw nohex nobin noblock";
    const second =
      "trace_printk annotate nouserstacktrace nosym-userobj noprintk-msg-only context-info nolatency-format " +
      "record-cmd norecord-tgid overwrite nodisable_on_free irq-info markers noevent-fork";
    const last = "function-trace nofunction-fork nodisplay-graph nostacktrace";
    const all = {
      "5.10": `${first} ${second} nopause-on-trace ${last}`,
      "6.1": `${first} ${second} nopause-on-trace hash-ptr ${last}`,
      "6.6": `${first} nofields ${second} nopause-on-trace hash-ptr ${last}`,
      "6.12.95": `${first} nofields ${second} trace_printk_dest nopause-on-trace hash-ptr ${last}`,
      "6.18": `${first} nofields ${second} trace_printk_dest nocopy_trace_marker nopause-on-trace hash-ptr ${last}`,
      "7.3": `${first} nofields ${second} trace_printk_dest nocopy_trace_marker nopause-on-trace hash-ptr nobitmask-list ${last}`,
    };
    const graph =
      "nofuncgraph-overrun funcgraph-cpu funcgraph-overhead nofuncgraph-proc funcgraph-duration " +
      "nofuncgraph-abstime funcgraph-irqs nofuncgraph-tail sleep-time";
    const words = (text: string): string => text.replaceAll("\n", " ").trimEnd();
    forEach(all, (release, options) => {
      const rules = rulesOf(release);
      const built = rulesOf(release, { G2: "built" });
      assert.equal(
        words(traceOptionsText("function_graph", rules)),
        `${options} ${graph}`,
        release,
      );
      const profiled =
        release === "7.3"
          ? `${options} noprof-text-offset graph-time ${graph}`
          : `${options} ${graph} graph-time`;
      assert.equal(words(traceOptionsText("function_graph", built)), profiled, release);
      const own =
        release === "5.10" ? "nofunc_stack_trace" : "nofunc_stack_trace nofunc-no-repeats";
      assert.equal(words(traceOptionsText("function", rules)), `${options} ${own}`, release);
      const nop = "notest_nop_accept notest_nop_refuse";
      assert.equal(words(traceOptionsText(null, rules)), `${options} ${nop}`, release);
    });
  });

  test("F17: char has no sign in header_page since 6.2", () => {
    forEach({ "5.10": 1, "6.6": 0 }, (release, signed) => {
      const file = new ByteBuffer();
      writeTrace({ ...traceOf([]), release }, "trace.dat", file);
      const line = `\tfield: char data;\toffset:12;\tsize:4084;\tsigned:${signed};\n`;
      assert.ok(latin1(file.bytes()).includes(line), release);
    });
  });

  test("F11 to F13: the format files of 32-bit kernels", () => {
    const calls = {
      "5.10": ["ip 8 4 0", "parent_ip 12 4 0"],
      "6.18": ["ip 8 4 0", "parent_ip 12 4 0", "args[] 16 0 0"],
    };
    const entries = {
      "5.10": ["unsigned long func 8 4 0", "int depth 12 4 1", '"--> %ps (%d)"'],
      "6.18": [
        "unsigned long func 8 4 0",
        "unsigned int depth 12 4 0",
        "unsigned long args[] 16 0 0",
        '"--> %ps (%u)"',
      ],
      "7.3": [
        "unsigned long func 8 4 0",
        "unsigned long depth 12 4 0",
        "unsigned long args[] 16 0 0",
        '"--> %ps (%lu)"',
      ],
    };
    const exits = {
      "5.10": [
        "unsigned long func 8 4 0",
        "unsigned long overrun 12 4 0",
        "unsigned long long calltime 16 8 0",
        "unsigned long long rettime 24 8 0",
        "int depth 32 4 1",
        '"<-- %ps (%d) (start: %llx  end: %llx) over: %d"',
      ],
      "5.15": [
        "unsigned long func 8 4 0",
        "int depth 12 4 1",
        "unsigned int overrun 16 4 0",
        "unsigned long long calltime 20 8 0",
        "unsigned long long rettime 28 8 0",
        '"<-- %ps (%d) (start: %llx  end: %llx) over: %d"',
      ],
      "6.18": [
        "unsigned long func 8 4 0",
        "unsigned int depth 12 4 0",
        "unsigned int overrun 16 4 0",
        "unsigned long long calltime 20 8 0",
        "unsigned long long rettime 28 8 0",
        '"<-- %ps (%u) (start: %llx  end: %llx) over: %u"',
      ],
    };
    const common = ["unsigned short common_type 0 2 0", "unsigned char common_flags 2 1 0"];
    common.push("unsigned char common_preempt_count 3 1 0", "int common_pid 4 4 1");
    const shown = (text: string): string[] =>
      [...text.matchAll(/\tfield:(.*);\toffset:(\d+);\tsize:(\d+);\tsigned:(\d);/g)].map(
        ([, declaration, ...numbers]) => [declaration, ...numbers].join(" "),
      );
    forEach(calls, (release, fields) => {
      const [call, entry, exit] = entryFormats(rulesOf(release));
      const own = fields.map((field) => `unsigned long ${field}`);
      assert.deepEqual(shown(formatText(call)), [...common, ...own], release);
      assert.deepEqual([call, entry, exit].map(recordSize), [16, 16, 36], release);
    });
    for (const [index, expected] of [entries, exits].entries()) {
      forEach<readonly string[]>(expected, (release, lines) => {
        const text = formatText(entryFormats(rulesOf(release))[index + 1] ?? assert.fail());
        assert.deepEqual(shown(text), [...common, ...lines.slice(0, -1)], release);
        assert.ok(text.includes(`\nprint fmt: ${lines.at(-1)}, (void *)REC->func, `), text);
      });
    }
  });
});
