// One process of the fuzzer: runs case after case and keeps the inputs with new coverage. Before each case it writes
// the bytes to a file named after the target, so that the case is known if this process dies; run.ts watches that
// file's time. The worker reports an unexpected error, or more memory than allowed, and then ends.
//
//   worker.js TARGETS SEED FOLDER MEGABYTES [TARGET…]

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../support/random.ts";
import { Coverage } from "./coverage.ts";
import type { Target } from "./target.ts";

/** Number of cases of one target before the next target runs. */
const TURN = 256;
/** Number of cases between two coverage measurements, each of which costs as much as a case. */
const LOOK = 4;
/** Maximum number of inputs kept for each target; after that a new one replaces an old one. */
const MOST_KEPT = 1000;
const LARGEST_INPUT = 1 << 20;

/** The messages from a worker to its parent. */
export type Message =
  | { readonly kind: "turn"; readonly target: string; readonly facts: TurnFacts }
  | { readonly kind: "failure"; readonly target: string; readonly what: string };

export interface TurnFacts {
  readonly cases: number;
  /** Verdict → number of times. */
  readonly ends: Readonly<Record<string, number>>;
  readonly slowest: number;
  /** The memory of the process, in MiB. */
  readonly peakMemory: number;
  readonly kept: number;
  readonly ways: number;
}

export const peakMemory = (): number => process.resourceUsage().maxRSS / 1024;

class Corpus {
  readonly target: Target;
  readonly #seeds: readonly Uint8Array[];
  readonly #inputs: Uint8Array[];

  constructor(target: Target) {
    this.target = target;
    this.#seeds = target.seeds();
    this.#inputs = [...this.#seeds];
  }

  get size(): number {
    return this.#inputs.length;
  }

  next(random: Random): Uint8Array {
    // Inputs made from inputs get more and more damaged, so half of them begin with an undamaged one.
    const first = random.pick(random.oneIn(2) ? this.#seeds : this.#inputs);
    const input = this.target.vary(first, random.pick(this.#inputs), random);
    return input.length > LARGEST_INPUT ? input.subarray(0, LARGEST_INPUT) : input;
  }

  keep(input: Uint8Array, random: Random): void {
    const at = this.#inputs.length < MOST_KEPT ? this.#inputs.length : random.below(MOST_KEPT);
    this.#inputs[at] = Uint8Array.from(input);
  }
}

async function turn(
  corpus: Corpus,
  coverage: Coverage,
  random: Random,
  { folder, megabytes }: { readonly folder: string; readonly megabytes: number },
): Promise<TurnFacts> {
  const ends: Record<string, number> = {};
  let slowest = 0;
  let batch: Uint8Array[] = [];
  coverage.takeNew();
  for (let count = 0; count < TURN; count++) {
    const input = corpus.next(random);
    writeFileSync(join(folder, corpus.target.name), input);
    const started = performance.now();
    const end = await corpus.target.run(input);
    slowest = Math.max(slowest, performance.now() - started);
    if (peakMemory() > megabytes) throw new Error(`${Math.round(peakMemory())} MiB of memory`);
    ends[end] = (ends[end] ?? 0) + 1;
    batch.push(input);
    if (batch.length < LOOK) continue;
    if (coverage.takeNew() > 0) for (const one of batch) corpus.keep(one, random);
    batch = [];
  }
  return {
    cases: TURN,
    ends,
    slowest,
    peakMemory: peakMemory(),
    kept: corpus.size,
    ways: coverage.size,
  };
}

/** Resolves when the message has been sent, so that the process may end. */
function tell(message: Message): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

const [targetsPath = "", seed = "1", folder = "", megabytes = "1024", ...names] =
  process.argv.slice(2);
const { TARGETS } = (await import(targetsPath)) as { TARGETS: readonly Target[] };
const corpora = TARGETS.filter(({ name }) => names.length === 0 || names.includes(name)).map(
  (target) => new Corpus(target),
);
const coverage = new Coverage();
const random = new Random(Number(seed));
process.on("disconnect", () => process.exit());
for (;;) {
  for (const corpus of corpora) {
    const target = corpus.target.name;
    try {
      const facts = await turn(corpus, coverage, random, { folder, megabytes: Number(megabytes) });
      await tell({ kind: "turn", target, facts });
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      await tell({ kind: "failure", target, what });
      process.exit(1);
    }
  }
}
