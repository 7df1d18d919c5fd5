// Tests trace.dat: the real trace-cmd reads what farjal writes and prints what farjal prints, also from a file that
// trace-cmd compressed, and farjal reads back what it wrote. Damaged files end in one error.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { ByteBuffer } from "../../src/bytes/byte-buffer.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Misuse } from "../../src/errors.ts";
import { writeTrace } from "../../src/formats/export.ts";
import { readTrace, traceFromBytes } from "../../src/formats/read.ts";
import { traceCmdReport } from "../../src/formats/text/trace-cmd-text.ts";
import type { Trace } from "../../src/formats/trace.ts";
import { temporaryDirectory } from "../cli/farjal.ts";
import { traceCmd, traceCmdReportOf, traceCmdSkip } from "../support/trace-cmd.ts";
import { functionEvents, graphEvents, ORDERS, traceOf } from "./traces.ts";

const VERSIONS = [6, 7] as const;

function fileOf(trace: Trace, version: 6 | 7): Uint8Array {
  const sink = new ByteBuffer();
  writeTrace(trace, "trace.dat", sink, { version, writer: "farjal" });
  return sink.bytes();
}

const report = (trace: Trace): string => [...traceCmdReport(trace)].join("");

suite("trace.dat", () => {
  for (const endian of ORDERS) {
    for (const version of VERSIONS) {
      const name = `version ${version}, ${endian}-endian`;
      const traces = {
        function: traceOf(functionEvents(), endian, 7),
        function_graph: traceOf(graphEvents(), endian),
        empty: traceOf([], endian),
      };

      test(`${name}: trace-cmd prints the same events`, { skip: traceCmdSkip }, async (context) => {
        const folder = temporaryDirectory(context);
        for (const [tracer, trace] of Object.entries(traces)) {
          const path = join(folder, `${tracer}.dat`);
          writeFileSync(path, fileOf(trace, version));
          const read = await readTrace(path);
          if (tracer !== "empty") assert.equal(report(read), traceCmdReportOf(path));
          assert.equal([...read.events].length, [...trace.events].length);
        }
      });

      test(`${name}: reading returns what was written`, () => {
        for (const trace of Object.values(traces)) {
          const read = traceFromBytes(fileOf(trace, version), "trace.dat");
          const nanoseconds = 1e9 / trace.clockHz;
          const expected = [...trace.events].map((event) => ({
            ...event,
            count: event.count * nanoseconds,
            ...("entryCount" in event ? { entryCount: event.entryCount * nanoseconds } : {}),
          }));
          const got = [...read.events].map(
            ({ task: _task, flags: _flags, lost: _lost, ...own }) => own,
          );
          assert.deepEqual(got, expected);
          assert.deepEqual([read.cpus, read.endian, read.overruns], [1, endian, trace.overruns]);
          assert.deepEqual(read.task, trace.task);
          assert.equal(read.release, "6.1.0");
          const [first] = read.events;
          assert.equal(first?.lost, first === undefined ? undefined : trace.overruns);
        }
      });
    }
  }

  for (const release of ["5.10.200", "5.15", "6.1.0", "6.12.95", "6.18.35", "7.3"]) {
    const trace = (endian: Endian): Trace => ({ ...traceOf(graphEvents(), endian), release });

    test(`trace-cmd prints the same of a file in ${release}'s formats`, {
      skip: traceCmdSkip,
    }, async (context) => {
      const path = join(temporaryDirectory(context), "trace.dat");
      for (const endian of ORDERS) {
        for (const made of [trace(endian), { ...traceOf(functionEvents(3), endian), release }]) {
          writeFileSync(path, fileOf(made, 7));
          const read = await readTrace(path);
          assert.equal(read.release, release);
          assert.equal(report(read), traceCmdReportOf(path));
        }
      }
    });

    test(`${release}'s returns are read as they were written`, () => {
      const events = (from: Trace) =>
        [...from.events].map((event) => {
          assert.ok(event.type !== "function");
          const { type, name, depth } = event;
          const took = "entryCount" in event ? event.count - event.entryCount : 0;
          const overrun = "overrun" in event ? event.overrun : 0;
          return { type, name, depth, overrun, nanoseconds: (took * 1e9) / from.clockHz };
        });
      for (const endian of ORDERS) {
        const written = trace(endian);
        assert.deepEqual(events(traceFromBytes(fileOf(written, 6), "a")), events(written));
      }
    });
  }

  test("a 32-bit kernel's format that shows a return's times 4 bytes too far on is read as it is recorded", () => {
    for (const endian of ORDERS) {
      const right = fileOf({ ...traceOf(graphEvents(), endian), release: "6.18.1" }, 6);
      const text = Buffer.from(right).toString("latin1");
      // Linux 6.13 to 6.18 without "tracing: Fix ftrace event field alignments".
      const wrong = Buffer.from(
        text
          .replace("long long calltime;\toffset:20;", "long long calltime;\toffset:24;")
          .replace("long long rettime;\toffset:28;", "long long rettime;\toffset:32;"),
        "latin1",
      );
      assert.notDeepEqual(wrong, Buffer.from(right));
      const [one, other] = [right, wrong].map((bytes) => [...traceFromBytes(bytes, "a").events]);
      assert.deepEqual(other, one);
    }
  });

  test("losses are in their places, counted or not", { skip: traceCmdSkip }, async (context) => {
    const path = join(temporaryDirectory(context), "trace.dat");
    const losses = new Map<number, number | null>([
      [0, 9],
      [100, null],
      [101, 3],
      [599, 1_000_000],
    ]);
    for (const endian of ORDERS) {
      for (const version of VERSIONS) {
        const events = functionEvents().map((event, index) => ({
          ...event,
          lost: losses.get(index) ?? (losses.has(index) ? null : 0),
        }));
        writeFileSync(path, fileOf(traceOf(events, endian), version));
        const read = await readTrace(path);
        assert.deepEqual(
          [...read.events].map(({ lost }) => lost),
          events.map(({ lost }) => lost),
        );
        assert.equal(report(read), traceCmdReportOf(path));
      }
    }
  });

  test("compressed by trace-cmd with zstd it reads the same", {
    skip: traceCmdSkip,
  }, async (context) => {
    const folder = temporaryDirectory(context);
    const plain = join(folder, "plain.dat");
    const packed = join(folder, "packed.dat");
    writeFileSync(plain, fileOf(traceOf(functionEvents()), 7));
    traceCmd("convert", "--compression", "zstd", "-i", plain, "-o", packed);
    assert.equal(report(await readTrace(packed)), report(await readTrace(plain)));
  });

  test("an unknown release stays unknown", () => {
    const trace = { ...traceOf(functionEvents(1)), release: "" };
    for (const version of VERSIONS) {
      assert.equal(traceFromBytes(fileOf(trace, version), "trace.dat").release, "");
    }
  });

  test("a trace's file is the same each time", () => {
    const trace = traceOf(functionEvents());
    assert.deepEqual(fileOf(trace, 7), fileOf(trace, 7));
  });

  test("the events of a CPU must be in the order of time", () => {
    const trace = traceOf(functionEvents().reverse());
    assert.throws(() => fileOf(trace, 6), /are not in the order of their times/);
  });

  test("truncated anywhere, it gives its events or one error that names the place", () => {
    for (const version of VERSIONS) {
      const whole = fileOf(traceOf(functionEvents(200)), version);
      // The last thing that version 7 has is the names of its sections.
      const needed = whole.length - (version === 7 ? 200 : 0);
      for (let size = 10; size < needed; size += 61) {
        assert.throws(
          () => [...traceFromBytes(whole.subarray(0, size), "cut.dat").events],
          (error) =>
            error instanceof Misuse && /^cut\.dat.* (at offset \d+|is damaged)/.test(error.message),
          `${size} bytes of version ${version}`,
        );
      }
    }
  });

  test("with any bytes changed, it is read or refused in one sentence", () => {
    const files = VERSIONS.map((version) => fileOf(traceOf(functionEvents(20)), version));
    const change = fc.record({
      at: fc.double({ min: 0, max: 0.99, noNaN: true }),
      value: fc.nat(255),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        (file, changes) => {
          const bytes = file.slice();
          for (const { at, value } of changes) bytes[Math.floor(at * bytes.length)] = value;
          try {
            report(traceFromBytes(bytes, "changed.dat"));
          } catch (error) {
            assert.ok(error instanceof Misuse, String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a file that is no trace is refused in one line", () => {
    const bytes = Buffer.from("\x17\x08Dtracing8\0", "latin1");
    assert.throws(() => traceFromBytes(bytes, "x.dat"), /x\.dat is a trace\.dat of version '8'/);
    assert.throws(
      () => traceFromBytes(Buffer.from("ELF"), "x.ko"),
      /x\.ko is neither a trace\.dat nor/,
    );
    assert.throws(() => traceFromBytes(new Uint8Array(0), "empty"), /neither/);
  });
});
