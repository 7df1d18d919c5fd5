// The machine's side of trace-stream.test.ts, in a thread of its own: runs leaf_loop under a tracer whose feed it
// sends to the thread that made it, in the steps that the shared words ask for.

import { fileURLToPath } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import type { Endian } from "../../src/bytes/endian.ts";
import type { TracerName } from "../../src/ftrace/event.ts";
import { Machine } from "../../src/lab/machine.ts";
import { repositoryFile } from "../support/repository.ts";

/** The path of this program as it is built. */
export const PROGRAM = fileURLToPath(import.meta.url);

export interface Job {
  readonly endian: Endian;
  readonly tracer: TracerName;
  readonly capacity: number;
  readonly rounds: number;
  /** Instructions between two waits for the other thread; null: it isn't waited for. */
  readonly slice: number | null;
  /** A word that says how many events the other thread has taken, and one that lets this one begin. */
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
  // A module that comes when the feed is long away.
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
