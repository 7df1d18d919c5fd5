// The engines that run one command as many jobs, and the variables that say which part a job is: one row for each
// engine. Some count from 0, some from 1, some from a first task that another variable gives; some don't say how many
// parts there are. What a job's environment means is read here and nowhere else.

import { Misuse } from "../errors.ts";
import type { Shard } from "./shard.ts";

interface Engine {
  readonly name: string;
  /** The variable with this job's number. */
  readonly index: string;
  /** The number of the first job, or the variable that has it. */
  readonly first: 0 | 1 | string;
  /** The variables with the distance from one job's number to the next, and with the last job's number. */
  readonly step?: string;
  readonly last?: string;
  /** The variable with the number of jobs; null if there is none. */
  readonly total: string | null;
}

export const ENGINES: readonly Engine[] = [
  {
    name: "Slurm",
    index: "SLURM_ARRAY_TASK_ID",
    first: "SLURM_ARRAY_TASK_MIN",
    step: "SLURM_ARRAY_TASK_STEP",
    last: "SLURM_ARRAY_TASK_MAX",
    total: "SLURM_ARRAY_TASK_COUNT",
  },
  {
    name: "Grid Engine",
    index: "SGE_TASK_ID",
    first: "SGE_TASK_FIRST",
    step: "SGE_TASK_STEPSIZE",
    last: "SGE_TASK_LAST",
    total: null,
  },
  { name: "Kubernetes", index: "JOB_COMPLETION_INDEX", first: 0, total: null },
  { name: "GNU parallel", index: "PARALLEL_SEQ", first: 1, total: null },
  { name: "GitLab", index: "CI_NODE_INDEX", first: 1, total: "CI_NODE_TOTAL" },
  { name: "CircleCI", index: "CIRCLE_NODE_INDEX", first: 0, total: "CIRCLE_NODE_TOTAL" },
  {
    name: "Buildkite",
    index: "BUILDKITE_PARALLEL_JOB",
    first: 0,
    total: "BUILDKITE_PARALLEL_JOB_COUNT",
  },
  { name: "Semaphore", index: "SEMAPHORE_JOB_INDEX", first: 1, total: "SEMAPHORE_JOB_COUNT" },
  {
    name: "Azure Pipelines",
    index: "SYSTEM_JOBPOSITIONINPHASE",
    first: 1,
    total: "SYSTEM_TOTALJOBSINPHASE",
  },
  {
    name: "AWS Batch",
    index: "AWS_BATCH_JOB_ARRAY_INDEX",
    first: 0,
    total: "AWS_BATCH_JOB_ARRAY_SIZE",
  },
  { name: "Bazel", index: "TEST_SHARD_INDEX", first: 0, total: "TEST_TOTAL_SHARDS" },
  { name: "Open MPI", index: "OMPI_COMM_WORLD_RANK", first: 0, total: "OMPI_COMM_WORLD_SIZE" },
];

export type Environment = Readonly<Record<string, string | undefined>>;

export interface FoundShard {
  readonly engine: string;
  readonly shard: Shard;
  /** The variables that were used, each as NAME=VALUE. */
  readonly used: readonly string[];
}

/**
 * Finds out which part of a work this job is.
 * @param total how many parts there are, for engines that don't say it; the jobs' numbers are then taken to begin at 1,
 *   or at 0 where the engine always begins there, whatever part of them an engine runs again.
 * @throws Misuse when no engine's variables are there, when they don't say how many parts there are, when they make no
 *   sense, and when two engines' variables are there that differ.
 */
export function shardFromEnvironment(environment: Environment, total?: number): FoundShard {
  const present = ENGINES.filter(({ index }) => /^\d{1,9}$/.test(environment[index] ?? ""));
  const found = present.map((engine) => shardOf(engine, environment, total));
  const [first] = found;
  if (first === undefined) {
    const names = ENGINES.map(({ name, index }) => `${name}'s ${index}`).join(", ");
    throw new Misuse(
      `--shard auto finds no engine's variables (${names}): give the part as --shard I/N`,
    );
  }
  const text = ({ shard }: FoundShard): string => `${shard.index}/${shard.count}`;
  const other = found.find((one) => text(one) !== text(first));
  if (other !== undefined) {
    throw new Misuse(
      `--shard auto finds two engines: ${first.engine} says ${text(first)} and ${other.engine} says ${text(other)}; ` +
        "give the part as --shard I/N",
    );
  }
  return first;
}

function shardOf(engine: Engine, environment: Environment, given: number | undefined): FoundShard {
  const used: string[] = [];
  const read = (name: string): number => {
    const text = environment[name] ?? "";
    if (!/^\d{1,9}$/.test(text)) {
      throw new Misuse(
        `${engine.name} set ${engine.index}=${environment[engine.index]}, but ${name}=${text} is no number`,
      );
    }
    used.push(`${name}=${text}`);
    return Number(text);
  };
  const number = read(engine.index);
  if (given !== undefined) {
    const index = number + (engine.first === 0 ? 1 : 0);
    return checked(engine, index, given, used);
  }
  const first = typeof engine.first === "string" ? read(engine.first) : engine.first;
  const step = engine.step === undefined ? 1 : read(engine.step);
  const last = engine.last === undefined ? null : read(engine.last);
  if (engine.total === null && last === null) {
    throw new Misuse(
      `${engine.name} says which part this is (${used.join(", ")}) and not of how many: give the number of parts, ` +
        "--shard auto/N",
    );
  }
  const regular = last === null ? null : (last - first) / step + 1;
  const count = engine.total === null ? (regular as number) : read(engine.total);
  if (regular !== null && regular !== count) {
    throw new Misuse(
      `${engine.name}'s tasks aren't numbered in equal steps (${used.join(", ")}): number them 1-N, or give the number ` +
        "of parts, --shard auto/N",
    );
  }
  return checked(engine, (number - first) / step + 1, count, used);
}

function checked(
  { name, index: variable }: Engine,
  index: number,
  count: number,
  used: readonly string[],
): FoundShard {
  if (!Number.isSafeInteger(index) || index < 1 || index > count) {
    throw new Misuse(
      `${name}'s ${variable} is no part of ${count} (${used.join(", ")}): number the parts from 1`,
    );
  }
  return { engine: name, shard: { index, count }, used };
}
