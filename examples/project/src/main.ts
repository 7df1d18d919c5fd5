// Runs a module in another thread, and counts its calls while it runs. With the module's path as its argument:
// npm start -- modern.ko

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { followTrace, type TraceFeed } from "farjal";

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("name a module: npm start -- M.ko");

const worker = new Worker(new URL("./guest.js", import.meta.url), { workerData: path });
const [feed] = (await once(worker, "message")) as [TraceFeed];
const stream = followTrace(feed);
const calls = new Map<string, number>();
for await (const event of stream) calls.set(event.name, (calls.get(event.name) ?? 0) + 1);
for (const [name, count] of [...calls].sort()) console.log(`${name}: ${count}`);
console.log(`lost: ${stream.lost}`);
await worker.terminate();
