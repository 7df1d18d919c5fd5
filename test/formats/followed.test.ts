// Tests a trace.dat written from a live stream: the whole run if the ring is large enough; otherwise the events that
// were not overwritten, with the losses in their places, for trace-cmd too.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { ByteBuffer } from "../../src/bytes/byte-buffer.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Misuse } from "../../src/errors.ts";
import { writeFollowed } from "../../src/formats/followed.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import { traceCmdReport } from "../../src/formats/text/trace-cmd-text.ts";
import type { TracerName } from "../../src/ftrace/event.ts";
import { Machine } from "../../src/lab/machine.ts";
import { builtModule, ORDERS, temporaryDirectory } from "../cli/farjal.ts";
import { traceCmdReportOf, traceCmdSkip } from "../support/trace-cmd.ts";

const TRACERS: readonly TracerName[] = ["function", "function_graph"];
/** Rounds of leaf_loop, and the smallest ring that can be followed. */
const ROUNDS = 2000;
const SMALL = 256;

async function followed(endian: Endian, tracer: TracerName, capacity: number) {
  const machine = await Machine.create({ endian });
  await machine.insmod(builtModule("leaf", endian));
  const running = machine.trace({ tracer, capacity });
  const sink = new ByteBuffer();
  const result = writeFollowed(running.stream(), sink, { endian, release: "6.1.0" });
  machine.call("leaf_loop", [ROUNDS]);
  const events = [...running.events()];
  running.stop();
  return { ...(await result), bytes: sink.bytes(), kept: events, written: running.written };
}

for (const endian of ORDERS) {
  for (const tracer of TRACERS) {
    suite(`a followed run of ${tracer}, ${endian}-endian`, () => {
      test("has every event in the file", async () => {
        const { events, lost, bytes, kept, written } = await followed(endian, tracer, 1 << 14);
        assert.deepEqual([events, lost, kept.length], [written, 0, written]);
        const trace = traceFromBytes(bytes, "trace.dat");
        assert.deepEqual(
          [trace.endian, trace.release, trace.task.name],
          [endian, "6.1.0", "farjal"],
        );
        assert.deepEqual(
          [...trace.events].map(({ name, module, ip, time }) => [name, module, ip, time]),
          kept.map(({ name, module, ip, time }) => [name, module, ip, time]),
        );
      });

      test("shows its losses", { skip: traceCmdSkip }, async (context) => {
        const { events, lost, bytes, written } = await followed(endian, tracer, SMALL);
        assert.equal(events + lost, written);
        assert.ok(lost > 0);
        const trace = traceFromBytes(bytes, "trace.dat");
        const gaps = [...trace.events].map((event) => event.lost ?? 0);
        assert.equal(gaps.length, events);
        assert.equal(
          gaps.reduce((sum, gap) => sum + gap, 0),
          lost,
        );
        const path = join(temporaryDirectory(context), "trace.dat");
        writeFileSync(path, bytes);
        const report = [...traceCmdReport(trace)].join("");
        assert.equal(report, traceCmdReportOf(path));
        assert.match(report, new RegExp(`^CPU:0 \\[${lost} EVENTS DROPPED\\]$`, "m"));
      });
    });
  }
}

test("a full sink ends the writing with its error", async () => {
  const machine = await Machine.create();
  await machine.insmod(builtModule("leaf", "little"));
  const running = machine.trace();
  let room = 10;
  const sink = {
    write: () => {
      room -= 1;
      if (room < 0) throw new Misuse("full");
    },
    patch: () => undefined,
  };
  const stream = running.stream();
  const result = writeFollowed(stream, sink, { endian: "little" });
  machine.call("leaf_loop", [60_000]);
  running.stop();
  await assert.rejects(result, new Misuse("full"));
});
