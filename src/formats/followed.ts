// A trace that is written while it is made: what a stream gives goes into a trace.dat event by event, in the machine's
// thread between two stretches of a run or in another one. It needs no second pass, since version 7 may say at its end
// what its events name, and no memory but for these names. What the stream has lost stands in the file where it was.

import type { Sink } from "../bytes/sink.ts";
import type { TraceStream } from "../ftrace/ring/stream.ts";
import type { TraceFacts } from "./trace.ts";
import { TraceDatWriter } from "./trace-dat/writer.ts";

/** Milliseconds between two looks at a stream that had nothing new. */
const PATIENCE = 1;
/** Events between which other work of the thread may go on. */
const STEP = 1 << 12;

/** What the file says of the run; the rest is the stream's to tell. */
export type FollowedFacts = Pick<TraceFacts, "endian"> &
  Partial<Pick<TraceFacts, "task" | "release">> & { readonly writer?: string };

/**
 * Writes what a stream gives as a trace.dat of version 7, until its tracer is stopped or its machine's thread ends.
 * @returns how many events are in it, and how many the stream has lost.
 * @throws what the sink throws; the stream goes on then.
 */
export async function writeFollowed(
  stream: TraceStream,
  sink: Sink,
  { endian, task = { name: "farjal", pid: 1 }, release = "", writer = "farjal" }: FollowedFacts,
): Promise<{ readonly events: number; readonly lost: number }> {
  const { clockHz, tracer } = stream;
  const facts = { task, cpus: 1, clockHz, endian, release, overruns: 0, addresses: true, tracer };
  const file = new TraceDatWriter(facts, sink, { version: 7, writer });
  file.beginCpu();
  let events = 0;
  let known = 0;
  for (;;) {
    let taken = 0;
    for (; taken < STEP; taken += 1) {
      const [event] = stream.read(1);
      if (event === undefined) break;
      // Only the first event behind a gap comes with a loss.
      file.event(stream.lost === known ? event : { ...event, lost: stream.lost - known });
      known = stream.lost;
    }
    events += taken;
    if (stream.over) break;
    await pause(taken < STEP ? PATIENCE : 0);
  }
  file.end();
  return { events, lost: stream.lost };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
