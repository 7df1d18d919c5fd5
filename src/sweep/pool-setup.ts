// What a thread of the pool was started with. Apart from pool.ts, so that a worker doesn't import the pool.

import { workerData } from "node:worker_threads";

/** The setup that runOnCores() was given; the pool hands it to each thread after data of its own. */
export function poolSetup<S>(): S {
  const [, setup] = workerData as readonly [own: unknown, setup: S];
  return setup;
}
