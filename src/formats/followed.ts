// Writes a trace while it is recorded: each event of a stream goes into a trace.dat, in the machine's thread between
// two parts of a run, or in another thread. No second pass is needed, since version 7 may list the names of tasks and
// symbols at its end, and only these names are kept in memory. Losses of the stream are recorded in the file where they
// happened.

import type { Sink } from "../bytes/sink.ts";
import type { TraceStream } from "../ftrace/ring/stream.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import type { TraceFacts } from "./trace.ts";
import { TraceDatWriter } from "./trace-dat/writer.ts";

/** Milliseconds until the stream is read again after it had nothing new. */
const PATIENCE = 1;
/** Events after which other work of the thread gets a turn. */
const STEP = 1 << 12;

/** The file's facts about the run; the stream gives the rest. */
export type FollowedFacts = Pick<TraceFacts, "endian"> &
  Partial<Pick<TraceFacts, "task" | "release">> & { readonly writer?: string };

const FOLLOWED_FACTS: OptionKeys<FollowedFacts> = {
  endian: true,
  task: true,
  release: true,
  writer: true,
};

/**
 * Writes a stream's events as a trace.dat of version 7, until its tracer is stopped or its machine's thread ends.
 * @returns the number of events in the file, and the number that the stream has lost.
 * @throws any error of the sink; the stream goes on then.
 */
export async function writeFollowed(
  stream: TraceStream,
  sink: Sink,
  given: FollowedFacts,
): Promise<{ readonly events: number; readonly lost: number }> {
  checkOptions("writeFollowed()", given, FOLLOWED_FACTS);
  const { endian, task = { name: "farjal", pid: 1 }, release = "", writer = "farjal" } = given;
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
      // Only the first event after a gap carries the loss.
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
