// Writes a trace.dat while the guest runs: this thread runs the guest, a worker follows the trace and writes the file.
// trace-cmd report and KernelShark read it. In the repository: node examples/record-in-a-worker.mjs [trace.dat]

import { closeSync, openSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { followTrace, Machine, writeFollowed } from "farjal";

const ROUNDS = 1_000_000;

if (isMainThread) {
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: process.argv[2] ?? "trace.dat",
  });
  const heard = () => new Promise((resolve) => worker.once("message", resolve));
  const machine = await Machine.create();
  await machine.insmod(
    fileURLToPath(new URL("../test/modules/built/leaf-little.ko", import.meta.url)),
  );
  const tracer = machine.trace({ tracer: "function_graph" });
  const feed = tracer.feed();
  worker.postMessage(feed, [feed.port]);
  await heard(); // the worker follows
  const { instructions } = machine.call("leaf_loop", [ROUNDS]);
  const written = heard();
  tracer.stop();
  const { events, lost } = await written;
  console.log(`${instructions} instructions, ${tracer.written} events`);
  console.log(`${events} events in the file, ${lost} went by too fast`);
} else {
  parentPort.once("message", async (feed) => {
    const file = openSync(workerData, "w");
    const sink = {
      write: (bytes) => writeAll(file, bytes, null),
      patch: (offset, bytes) => writeAll(file, bytes, offset),
    };
    const stream = followTrace(feed);
    parentPort.postMessage("following");
    const result = await writeFollowed(stream, sink, { endian: "little" });
    closeSync(file);
    parentPort.postMessage(result);
  });
}

function writeAll(file, bytes, position) {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done;
    done += writeSync(file, bytes, done, bytes.length - done, at);
  }
}
