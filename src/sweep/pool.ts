// Runs tasks on all CPU cores, in threads of one worker file. This file limits each task's time and handles a thread
// that dies: its task is answered by the caller's failure, and the remaining tasks continue in a new thread.

import { availableParallelism } from "node:os";
import { Tinypool } from "tinypool";
import { longestFirst } from "../shards/shard.ts";

export interface PoolOptions {
  /** Threads; default: one for each processor. */
  readonly jobs?: number | undefined;
  /** Seconds that one task may take; default: 60. */
  readonly timeLimit?: number | undefined;
  /** MiB of JavaScript heap that one thread may take; default: 512. */
  readonly heapLimit?: number | undefined;
}

export interface PoolWork<T, R> extends PoolOptions {
  /** The worker's file, and the exported function that does one task. */
  readonly worker: URL;
  readonly name: string;
  /** What each thread is started with; the worker gets it from poolSetup(). */
  readonly setup: unknown;
  readonly tasks: readonly T[];
  /** How long each task is expected to take, so that the longest begin first; default: in the tasks' order. */
  readonly weights?: readonly number[] | null | undefined;
  /** The answer for a task that ended without one. @param seconds how long it ran. */
  readonly failed: (task: T, why: string, seconds: number) => R;
  /** Called for each answer, in no particular order; the thread's next task waits for a promise. */
  readonly onAnswer?:
    | ((answer: R, done: number, count: number) => Promise<void> | void)
    | undefined;
  /** What of an answer is kept until the end, once onAnswer() has had it; default: all. */
  readonly kept?: ((answer: R) => R) | undefined;
}

/** The answers in the tasks' order, and the seconds that each took. */
export interface PoolAnswers<R> {
  readonly answers: readonly R[];
  readonly seconds: readonly number[];
}

/** Does all tasks. */
export async function runOnCores<T, R>(work: PoolWork<T, R>): Promise<PoolAnswers<R>> {
  const { worker, name, setup, tasks, jobs = availableParallelism(), heapLimit = 512 } = work;
  const threads = Math.max(1, Math.min(jobs, tasks.length));
  const pool = new Tinypool({
    filename: worker.href,
    name,
    workerData: setup,
    minThreads: threads,
    maxThreads: threads,
    isolateWorkers: false,
    resourceLimits: { maxOldGenerationSizeMb: heapLimit },
  });
  const answers: R[] = [];
  const seconds: number[] = [];
  const order = work.weights == null ? [...tasks.keys()] : longestFirst(work.weights);
  let next = 0;
  let done = 0;
  const drain = async (): Promise<void> => {
    for (let index = order[next++]; index !== undefined; index = order[next++]) {
      const begin = performance.now();
      const answer = await runOne(pool, work, tasks[index] as T);
      seconds[index] = (performance.now() - begin) / 1000;
      done += 1;
      await work.onAnswer?.(answer, done, tasks.length);
      answers[index] = work.kept?.(answer) ?? answer;
    }
  };
  try {
    await Promise.all(Array.from({ length: threads }, drain));
  } finally {
    await pool.destroy();
  }
  return { answers, seconds };
}

async function runOne<T, R>(pool: Tinypool, work: PoolWork<T, R>, task: T): Promise<R> {
  const { timeLimit = 60 } = work;
  const begin = performance.now();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeLimit * 1000);
  try {
    return (await pool.run(task, { signal: stop.signal })) as R;
  } catch (error) {
    const why = stop.signal.aborted
      ? `it took more than ${timeLimit} s`
      : `the thread that loaded it died: ${(error as Error).message}`;
    return work.failed(task, why, (performance.now() - begin) / 1000);
  } finally {
    clearTimeout(timer);
  }
}
