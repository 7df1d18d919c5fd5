// Tests recorded traces with false numbers, which the fuzzer found or which were made from the cost that a number
// could cause. Each must end in one sentence, in little time and memory, in every output format.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ByteBuffer } from "../../src/bytes/byte-buffer.ts";
import { Misuse } from "../../src/errors.ts";
import { TRACE_FORMATS, writeTrace } from "../../src/formats/export.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import type { Trace } from "../../src/formats/trace.ts";
import { readFields } from "../../src/formats/trace-dat/event-format.ts";
import { SECTION_KALLSYMS } from "../../src/formats/trace-dat/format.ts";
import { traceDatWriting } from "../../src/formats/trace-dat/writer.ts";
import { processorTime } from "../support/processor-time.ts";
import { call, entry, exit, graphEvents, ORDERS, traceOf } from "./traces.ts";

/** A quadratic algorithm over a megabyte takes minutes. */
const SECONDS = 10;

async function quickly(work: () => void): Promise<void> {
  const took = (await processorTime(work)) / 1000;
  assert.ok(took < SECONDS, `${took} seconds`);
}

function fileOf(trace: Trace, version: 6 | 7): Buffer {
  const sink = new ByteBuffer();
  for (const _ of traceDatWriting(trace, sink, { version, writer: "farjal" }));
  return Buffer.from(sink.bytes());
}

/** Every output format must end in the same sentence. */
function refused(bytes: Uint8Array, why: RegExp): void {
  for (const format of TRACE_FORMATS) {
    assert.throws(
      () => writeTrace(traceFromBytes(bytes, "x.dat"), format, new ByteBuffer()),
      (error) => error instanceof Misuse && why.test(error.message),
      format,
    );
  }
}

/** The number of records of a text, and of lines that are no event; every format must write it. */
function passedOver(text: string): [records: number, lines: number] {
  const trace = traceFromBytes(Buffer.from(text), "x.txt");
  for (const format of TRACE_FORMATS) {
    if (format !== "trace.dat") writeTrace(trace, format, new ByteBuffer());
  }
  const records = [...trace.records].length;
  return [records, Number(/passed over (\d+)/.exec(trace.notes?.()[0] ?? "")?.[1] ?? 0)];
}

/**
 * Where the last options of version 7 give the place of the CPUs' pages: a number, then u64 offset and u64 size for
 * each.
 */
function cpuPlaces(file: Buffer): number {
  return file.lastIndexOf("local\0") + 6 + 8;
}

suite("hostile traces", () => {
  for (const depth of [-1, 4096, 0x7fffffff, -0x80000000]) {
    test(`a call at depth ${depth}`, () => {
      for (const event of [entry(100, "mix", depth), exit(100, 200, "mix", depth)]) {
        for (const endian of ORDERS) {
          const file = fileOf(traceOf([call(99, "mix", "host_call"), event], endian), 6);
          refused(
            file,
            new RegExp(`^x\\.dat is damaged at offset \\d+: .* can't be ${depth} deep`),
          );
        }
      }
    });
  }

  test("a CPU number that no machine has", () => {
    const file = fileOf(traceOf(graphEvents()), 7);
    file.writeUInt32LE(0xffffffff, cpuPlaces(file));
    refused(file, /a CPU can't have the number 4294967295/);
  });

  test("thousands of CPUs that share the same events", () => {
    const file = fileOf(traceOf(graphEvents()), 7);
    const at = cpuPlaces(file);
    const place = file.subarray(at, at + 20);
    const copies = 8000;
    const option = at - 8 - 6 - 1 - 8; // page size and count, the clock, the name, the place
    file.writeUInt32LE(file.readUInt32LE(option - 4) + 20 * (copies - 1), option - 4);
    file.writeUInt32LE(copies, at - 4);
    const more = Buffer.alloc(20 * (copies - 1)).fill(place);
    const grown = Buffer.concat([file.subarray(0, at), more, file.subarray(at)]);
    // The options are the last section except for the strings, and grew by that many bytes.
    const options = Number(file.readBigUInt64LE(file.indexOf("none\0\0") + 6));
    grown.writeBigUInt64LE(file.readBigUInt64LE(options + 8) + BigInt(more.length), options + 8);
    refused(grown, /CPUs that share their events/);
  });

  test("a section that options name repeatedly", () => {
    const file = fileOf(traceOf(graphEvents()), 7);
    const options = Number(file.readBigUInt64LE(file.indexOf("none\0\0") + 6));
    const symbols = Buffer.from([SECTION_KALLSYMS, 0, 8, 0, 0, 0]);
    const at = file.indexOf(symbols, options);
    const told = file.subarray(at, at + 14);
    const more = Buffer.alloc(14 * 1000).fill(told);
    const grown = Buffer.concat([file.subarray(0, at), more, file.subarray(at)]);
    grown.writeBigUInt64LE(file.readBigUInt64LE(options + 8) + BigInt(more.length), options + 8);
    refused(grown, /a section that is listed twice/);
  });

  test("more formats, systems and CPUs than are possible", () => {
    const file = fileOf(traceOf([]), 6);
    const formats = file.indexOf("name: function\n") - 12;
    const systems = file.indexOf("REC->depth\n", file.indexOf("name: funcgraph_exit")) + 11;
    const cpus = file.indexOf("options  \0") - 4;
    for (const [at, what] of [
      [formats, "formats"],
      [systems, "systems"],
      [cpus, "CPUs"],
    ] as const) {
      const lie = Buffer.from(file);
      lie.writeUInt32LE(1 << 20, at);
      refused(lie, new RegExp(`at offset ${at}: 1048576 ${what}`));
    }
  });

  test("a format with hundreds of thousands of fields", async () => {
    const trace = traceOf([call(1, "mix", "host_call")]);
    const file = fileOf(trace, 6);
    const at = file.indexOf("name: function\n");
    const end = file.indexOf("name: funcgraph_entry\n") - 8;
    const more = "\tfield:int f;\toffset:0;\tsize:4;\tsigned:1;\n".repeat(300_000);
    const text = Buffer.concat([file.subarray(at, end), Buffer.from(more)]);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    const grown = Buffer.concat([file.subarray(0, at - 8), size, text, file.subarray(end)]);
    // The places of the pages follow the formats.
    const [places, moved] = ["flyrecord\0", grown.length - file.length] as const;
    const place = grown.indexOf(places) + places.length;
    grown.writeBigUInt64LE(grown.readBigUInt64LE(place) + BigInt(moved), place);
    await quickly(() => assert.equal([...traceFromBytes(grown, "x.dat").events].length, 1));
  });

  test("a description on which a careless regular expression would never end", async () => {
    const size = 1 << 20;
    for (const text of [
      `\tfield:${"a".repeat(size)}`,
      "\tfield:".repeat(size / 7),
      "\n".repeat(size),
      `\tfield:${"[]".repeat(size / 2)};\toffset:0;\tsize:1;`,
    ]) {
      await quickly(() => assert.deepEqual(readFields(text), []));
    }
  });

  test("a line of text on which a careless regular expression would never end", async () => {
    const spaces = " ".repeat(60_000);
    const lines = `# tracer: function_graph\n${` 0)${spaces}| \n`.repeat(100)}`;
    await quickly(() => assert.deepEqual(passedOver(lines), [0, 100]));
    for (const piece of [" ", "/*", "*/", "(", ") {", "-1", "=> ", "0us: ", "a-1 [000] ", "|  "]) {
      const line = piece.repeat(16_000 / piece.length);
      const text = `${line}\n 0)   0.500 us    |  ${line}\n              sh-1 [000] .....     1.000000: ${line}\n`;
      for (const tracer of ["function", "function_graph"]) {
        await quickly(() => passedOver(`# tracer: ${tracer}\n${text.repeat(10)}`));
      }
    }
  });

  test("times beyond the range of exact numbers", () => {
    const seconds = "9".repeat(400);
    const line = `          farjal-1       [000] .....     ${seconds}.000000: a <-b`;
    assert.deepEqual(passedOver(`# tracer: function\n${line}\n`), [0, 1]);
    const graph = `# tracer: function_graph\n 0) ${seconds} us |  a();\n`;
    assert.deepEqual(passedOver(graph), [0, 1]);
  });

  test("as many tasks as events are written as speedscope in a few passes", async () => {
    const events = Array.from({ length: 20_000 }, (_, pid) => {
      const task = { name: "task", pid };
      return [
        { ...entry(10 * pid, "mix", 0), task, flags: ".....", lost: 0 },
        { ...exit(10 * pid, 10 * pid + 5, "mix", 0), task, flags: ".....", lost: 0 },
      ];
    }).flat();
    const sink = new ByteBuffer();
    await quickly(() => writeTrace(traceOf(events), "speedscope", sink));
    const { profiles } = JSON.parse(Buffer.from(sink.bytes()).toString());
    assert.equal(profiles.length, 20_000);
    assert.deepEqual(profiles[7].events, [
      { type: "O", at: 700, frame: 0 },
      { type: "C", at: 750, frame: 0 },
    ]);
  });
});
