// Follows a trace while it is recorded. A thread runs the guest. This thread counts the guest's calls, narrows the
// filter in the middle of the run, and stops the run after enough events. Run it in the repository: node
// examples/follow-a-trace.mjs

import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { followTrace, Machine } from "farjal";

if (isMainThread) {
  const worker = new Worker(fileURLToPath(import.meta.url));
  const [feed] = await once(worker, "message");
  const stream = followTrace(feed);
  const calls = new Map();
  let seen = 0;
  for await (const event of stream) {
    calls.set(event.name, (calls.get(event.name) ?? 0) + 1);
    seen += 1;
    if (seen === 10_000) await stream.write("set_ftrace_filter", "leaf_step");
    if (seen === 100_000) await stream.stop();
  }
  for (const [name, count] of calls) console.log(`${name}: ${count} calls`);
  console.log(`${stream.lost} events went by too fast`);
  await worker.terminate();
} else {
  const machine = await Machine.create();
  await machine.insmod(
    fileURLToPath(new URL("../test/modules/built/leaf-little.ko", import.meta.url)),
  );
  const feed = machine.trace().feed();
  parentPort?.postMessage(feed, [feed.port]);
  machine.call("leaf_loop", [0xffffffff], { budget: 1e12 });
}
