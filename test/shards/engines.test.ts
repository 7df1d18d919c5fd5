// Tests which part of a work a job is, by the variables that each engine sets, as their manuals give them: the first and
// the last job of several, and every way in which the variables may be missing, contradict each other or make no sense.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import { ENGINES, type Environment, shardFromEnvironment } from "../../src/shards/engines.ts";

/** The variables of the second of three jobs, and of the third. */
const JOBS: Readonly<Record<string, readonly Environment[]>> = {
  Slurm: ["5", "8"].map((id) => ({
    SLURM_ARRAY_TASK_ID: id,
    SLURM_ARRAY_TASK_MIN: "2",
    SLURM_ARRAY_TASK_MAX: "8",
    SLURM_ARRAY_TASK_STEP: "3",
    SLURM_ARRAY_TASK_COUNT: "3",
  })),
  "Grid Engine": ["12", "14"].map((id) => ({
    SGE_TASK_ID: id,
    SGE_TASK_FIRST: "10",
    SGE_TASK_LAST: "14",
    SGE_TASK_STEPSIZE: "2",
  })),
  GitLab: ["2", "3"].map((id) => ({ CI_NODE_INDEX: id, CI_NODE_TOTAL: "3" })),
  CircleCI: ["1", "2"].map((id) => ({ CIRCLE_NODE_INDEX: id, CIRCLE_NODE_TOTAL: "3" })),
  Buildkite: ["1", "2"].map((id) => ({
    BUILDKITE_PARALLEL_JOB: id,
    BUILDKITE_PARALLEL_JOB_COUNT: "3",
  })),
  Semaphore: ["2", "3"].map((id) => ({ SEMAPHORE_JOB_INDEX: id, SEMAPHORE_JOB_COUNT: "3" })),
  "Azure Pipelines": ["2", "3"].map((id) => ({
    SYSTEM_JOBPOSITIONINPHASE: id,
    SYSTEM_TOTALJOBSINPHASE: "3",
  })),
  "AWS Batch": ["1", "2"].map((id) => ({
    AWS_BATCH_JOB_ARRAY_INDEX: id,
    AWS_BATCH_JOB_ARRAY_SIZE: "3",
  })),
  Bazel: ["1", "2"].map((id) => ({ TEST_SHARD_INDEX: id, TEST_TOTAL_SHARDS: "3" })),
  "Open MPI": ["1", "2"].map((id) => ({ OMPI_COMM_WORLD_RANK: id, OMPI_COMM_WORLD_SIZE: "3" })),
};
/** Those that don't say how many jobs there are. */
const WITHOUT_TOTAL: Readonly<Record<string, readonly Environment[]>> = {
  Kubernetes: ["1", "2"].map((id) => ({ JOB_COMPLETION_INDEX: id })),
  "GNU parallel": ["2", "3"].map((id) => ({ PARALLEL_SEQ: id })),
};

function refuses(environment: Environment, says: RegExp, total?: number): void {
  assert.throws(
    () => shardFromEnvironment(environment, total),
    (error) => error instanceof Misuse && says.test(error.message) && !/\n/.test(error.message),
  );
}

suite("--shard auto", () => {
  test("has an example of every engine", () => {
    const named = [...Object.keys(JOBS), ...Object.keys(WITHOUT_TOTAL)];
    assert.deepEqual(ENGINES.map(({ name }) => name).sort(), named.sort());
  });

  for (const [name, environments] of Object.entries(JOBS)) {
    test(`takes index and total from ${name}`, () => {
      for (const [at, environment] of environments.entries()) {
        const { engine, shard, used } = shardFromEnvironment({ PATH: "/bin", ...environment });
        assert.deepEqual([engine, shard], [name, { index: at + 2, count: 3 }]);
        for (const one of used) {
          const [variable = "", value] = one.split("=");
          assert.equal(environment[variable], value);
        }
        assert.equal(used.length, Object.keys(environment).length);
      }
    });
  }

  for (const [name, environments] of Object.entries(WITHOUT_TOTAL)) {
    test(`takes the index from ${name}, and refuses without a total`, () => {
      for (const [at, environment] of environments.entries()) {
        refuses(environment, /and not of how many: .*--shard auto\/N/);
        const { shard } = shardFromEnvironment(environment, 3);
        assert.deepEqual(shard, { index: at + 2, count: 3 });
      }
      refuses(environments[1] ?? {}, /is no part of 2/, 2);
    });
  }

  test("refuses where nothing says which part it is", () => {
    refuses({}, /finds no engine's variables \(Slurm's SLURM_ARRAY_TASK_ID, .*--shard I\/N/);
    refuses({}, /finds no engine's variables/, 4);
    // Jobs that are no array: GitLab always sets a total, Grid Engine a word.
    refuses({ CI_NODE_TOTAL: "1" }, /finds no engine's variables/);
    refuses({ SGE_TASK_ID: "undefined", SGE_TASK_FIRST: "undefined" }, /finds no engine's/);
    refuses({ CI_NODE_INDEX: "", CI_NODE_TOTAL: "" }, /finds no engine's variables/);
  });

  test("refuses a total that is missing or no number, and an index past it", () => {
    refuses({ CI_NODE_INDEX: "1" }, /GitLab set CI_NODE_INDEX=1, but CI_NODE_TOTAL= is no number/);
    refuses({ CI_NODE_INDEX: "1", CI_NODE_TOTAL: "x" }, /CI_NODE_TOTAL=x is no number/);
    refuses({ CI_NODE_INDEX: "4", CI_NODE_TOTAL: "3" }, /no part of 3/);
    refuses({ CI_NODE_INDEX: "0", CI_NODE_TOTAL: "3" }, /no part of 3/);
    refuses({ CIRCLE_NODE_INDEX: "3", CIRCLE_NODE_TOTAL: "3" }, /no part of 3/);
  });

  test("refuses an array of Slurm's that is no sequence: --array=3,7 keeps ids and changes the count", () => {
    const retried = {
      SLURM_ARRAY_TASK_ID: "7",
      SLURM_ARRAY_TASK_MIN: "3",
      SLURM_ARRAY_TASK_MAX: "7",
      SLURM_ARRAY_TASK_STEP: "1",
      SLURM_ARRAY_TASK_COUNT: "2",
    };
    refuses(retried, /aren't numbered in equal steps .*--shard auto\/N/);
    // With the number of parts, the ids are the parts.
    assert.deepEqual(shardFromEnvironment(retried, 8).shard, { index: 7, count: 8 });
    const one = { ...retried, SLURM_ARRAY_TASK_MIN: "7", SLURM_ARRAY_TASK_COUNT: "1" };
    assert.deepEqual(shardFromEnvironment(one, 8).shard, { index: 7, count: 8 });
    refuses({ ...one, SLURM_ARRAY_TASK_ID: "0" }, /number the parts from 1/, 8);
    refuses({ ...retried, SLURM_ARRAY_TASK_STEP: "0" }, /equal steps/);
  });

  test("refuses two engines that disagree, and takes two that agree", () => {
    const [slurm = {}] = JOBS["Slurm"] ?? [];
    refuses(
      { ...slurm, CIRCLE_NODE_INDEX: "0", CIRCLE_NODE_TOTAL: "3" },
      /two engines: Slurm says 2\/3 and CircleCI says 1\/3/,
    );
    const both = { ...slurm, CIRCLE_NODE_INDEX: "1", CIRCLE_NODE_TOTAL: "3" };
    assert.deepEqual(shardFromEnvironment(both).shard, { index: 2, count: 3 });
  });
});
