// Loads a module, traces a call of it and unloads it, again and again on the same two machines, and tells how much the
// heap and the process have grown since the first tenth. The suite runs a short form; the whole one is
//
//   npm run build && node --expose-gc build/test/hostile/soak.js 10
//
// with a number of minutes. Exit code 1: the memory isn't flat.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Machine, readModule } from "../../src/index.ts";
import { repositoryFile } from "../support/repository.ts";

const MIB = 1 << 20;
/** MiB of growth that are not a leak: code that V8 compiles late, and its statistics. */
export const SLACK = 6;

export interface Soak {
  readonly turns: number;
  readonly events: number;
  /** MiB of JavaScript's heap after a collection: at a tenth of the turns, and at the end. */
  readonly heap: readonly [number, number];
  /** The same of the whole process. */
  readonly process: readonly [number, number];
}

/** @param share what share of all turns is done, by their number; from 1 on no other turn is made. */
export async function soak(share: (turns: number) => number): Promise<Soak> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed / MIB;
  };
  const guests = await Promise.all(
    (["little", "big"] as const).map(async (endian) => ({
      machine: await Machine.create({ endian, memory: 32 * MIB }),
      file: readModule(readFileSync(repositoryFile(`test/modules/built/modern-${endian}.ko`))),
    })),
  );
  let [turns, events] = [0, 0];
  let first: readonly [number, number] | undefined;
  for (let done = share(turns); done < 1; done = share(turns)) {
    for (const { machine, file } of guests) {
      const module = machine.insmodFile(file);
      for (const tracer of ["function", "function_graph"] as const) {
        const trace = machine.trace({ tracer });
        machine.call("work_run", [3]);
        trace.stop();
        for (const _ of trace.events()) events += 1;
      }
      machine.rmmod(module);
    }
    turns += 1;
    if (first === undefined && done >= 0.1) first = [heap(), process.memoryUsage().rss / MIB];
  }
  const [heapThen = 0, processThen = 0] = first ?? [];
  return {
    turns,
    events,
    heap: [heapThen, heap()],
    process: [processThen, process.memoryUsage().rss / MIB],
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const end = Number(process.argv[2] ?? 10) * 60_000;
  const begin = performance.now();
  const result = await soak(() => (performance.now() - begin) / end);
  console.log(JSON.stringify(result));
  process.exitCode = result.heap[1] - result.heap[0] > SLACK ? 1 : 0;
}
