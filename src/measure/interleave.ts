// Times several tasks against each other in one process: short rounds with every task in each round, so that a machine
// that slows down or warms up affects all of them alike. tinybench measures the times; this file keeps the samples.

import { Bench } from "tinybench";

export interface Task {
  /** One sample. */
  readonly run: () => void;
  /** Called before the samples of each round, untimed. */
  readonly before?: () => void;
  readonly after?: () => void;
}

/** Seconds of one run: median, quartiles and minimum; and the number of runs. */
export interface Timing {
  readonly p50: number;
  readonly p25: number;
  readonly p75: number;
  readonly min: number;
  readonly samples: number;
}

export interface Effort {
  /** Milliseconds for each task, all rounds together. */
  readonly milliseconds: number;
  readonly rounds: number;
}

/** Runs the tasks and returns a timing for each, in their order. */
export async function interleave(
  tasks: readonly Task[],
  { milliseconds, rounds }: Effort,
): Promise<Timing[]> {
  const samples = tasks.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({
      time: milliseconds / rounds,
      iterations: 1,
      warmup: round === 0,
      warmupIterations: 1,
      warmupTime: milliseconds / rounds,
      retainSamples: true,
      throws: true,
    });
    for (const [index, { run, before, after }] of tasks.entries()) {
      bench.add(String(index), run, {
        ...(before === undefined ? {} : { beforeAll: before }),
        ...(after === undefined ? {} : { afterAll: after }),
      });
    }
    await bench.run();
    for (const [index, { result }] of bench.tasks.entries()) {
      const measured = "latency" in result ? (result.latency.samples ?? []) : [];
      for (const sample of measured) samples[index]?.push(sample);
    }
  }
  return samples.map(timing);
}

function timing(samples: number[]): Timing {
  const sorted = samples.map((milliseconds) => milliseconds / 1000).sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return { p50: at(0.5), p25: at(0.25), p75: at(0.75), min: at(0), samples: sorted.length };
}
