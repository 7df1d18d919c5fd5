// The thread in which the guest runs: loads the module, sends its trace to the other thread, and makes the calls.

import { parentPort, workerData } from "node:worker_threads";
import { Machine } from "farjal";

const machine = await Machine.create();
await machine.insmod(workerData as string);
const tracer = machine.trace({ filter: ["work_*"] });
const feed = tracer.feed();
parentPort?.postMessage(feed, [feed.port]);
for (let rounds = 1; rounds <= 20; rounds++) machine.call("work_run", [rounds]);
tracer.stop();
