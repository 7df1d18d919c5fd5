// The machine's side of trace-stream.test.ts, in a thread of its own: runs leaf_loop under a tracer, sends the
// tracer's feed to the thread that started it, and follows the steps that the shared words request.

import { fileURLToPath } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import type { Endian } from "../../src/bytes/endian.ts";
import type { TracerName } from "../../src/ftrace/event.ts";
import { Machine } from "../../src/lab/machine.ts";
import { repositoryFile } from "../support/repository.ts";

/** The path of the built program. */
export const PROGRAM = fileURLToPath(import.meta.url);

export interface Job {
  readonly endian: Endian;
  readonly tracer: TracerName;
  readonly capacity: number;
  readonly rounds: number;
  /** Instructions between two waits for the other thread; null: it doesn't wait. */
  readonly slice: number | null;
  /** One word with the number of events that the other thread has read, and one that lets this thread begin. */
  readonly progress: SharedArrayBuffer;
}

/** Words of `progress`. */
export const TAKEN = 0;
export const BEGIN = 1;

const job = workerData as Job | null;

if (parentPort !== null && job !== null && "progress" in job) {
  const { endian, tracer: name, capacity, rounds, slice } = job;
  const words = new Int32Array(job.progress);
  const machine = await Machine.create({ endian, engine: "translator" });
  await machine.insmod(repositoryFile(`test/modules/built/leaf-${endian}.ko`));
  const tracer = machine.trace({ tracer: name, capacity });
  const feed = tracer.feed();
  parentPort.postMessage(feed, [feed.port]);
  Atomics.wait(words, BEGIN, 0);
  // A module that is loaded long after the feed was sent.
  await machine.insmod(repositoryFile(`test/modules/built/shapes-${endian}.ko`));
  machine.call("shapes_leaf", [1]);
  const call = machine.start("leaf_loop", [rounds], { budget: 1e12 });
  while (call.advance(slice ?? Number.POSITIVE_INFINITY).reason === "steps") {
    for (;;) {
      const taken = Atomics.load(words, TAKEN);
      if (slice === null || taken >= tracer.written) break;
      Atomics.wait(words, TAKEN, taken);
    }
  }
  const { v0, instructions } = call.result();
  call.close();
  tracer.stop();
  parentPort.postMessage({ written: tracer.written, v0, instructions });
}
