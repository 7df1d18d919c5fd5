// Tests a trace that is followed while it is recorded: in the machine's own thread between two parts of a run, and
// from another thread while the guest runs translated code. leaf_step is called at a fixed interval of instructions,
// so the count in each event gives its number, and the events lost and received must add up exactly.

import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Endian } from "../../src/bytes/endian.ts";
import { Misuse } from "../../src/errors.ts";
import type { TraceEvent, TracerName } from "../../src/ftrace/event.ts";
import type { TraceFeed } from "../../src/ftrace/ring/feed.ts";
import { followTrace, type TraceStream } from "../../src/ftrace/ring/stream.ts";
import { Machine } from "../../src/lab/machine.ts";
import { repositoryFile } from "../support/repository.ts";
import { everyOther } from "../support/thorough.ts";
import { BEGIN, type Job, PROGRAM, TAKEN } from "./traced-thread.ts";

/** Instructions in a round of leaf_loop. */
const ROUND = 14;
/** More rounds than any test waits for. */
const ENDLESS = 0xffffffff;

async function leaf(endian: Endian): Promise<Machine> {
  const machine = await Machine.create({ endian });
  await machine.insmod(repositoryFile(`test/modules/built/leaf-${endian}.ko`));
  return machine;
}

/** Checks that leaf_step's events are in order, each numbered by its count, with gaps as large as `lost` says. */
class Tally {
  readonly #perRound: number;
  readonly #lostBefore: number;
  #first: number | undefined;
  taken = 0;

  /** @param lostBefore the number of events that the stream had lost before leaf_step's first possible event. */
  constructor(tracer: TracerName, lostBefore = 0) {
    this.#perRound = tracer === "function" ? 1 : 2;
    this.#lostBefore = lostBefore;
  }

  take(event: TraceEvent, lost: number): void {
    assert.equal(event.name, "leaf_step");
    assert.equal(event.module, "leaf");
    const number = this.taken + lost - this.#lostBefore;
    const round = Math.floor(number / this.#perRound);
    const entered = event.type === "funcgraph_exit" ? event.entryCount : event.count;
    this.#first ??= entered - ROUND * round;
    if (entered !== this.#first + ROUND * round) {
      assert.fail(`event ${number} is of round ${(entered - this.#first) / ROUND}, not ${round}`);
    }
    if (event.type !== "function") {
      const kind = number % 2 === 0 ? "funcgraph_entry" : "funcgraph_exit";
      if (event.type !== kind || event.depth !== 1) assert.fail(`event ${number}: ${event.type}`);
    }
    this.taken += 1;
  }
}

interface Ended {
  readonly written: number;
  readonly v0: number;
}

/** A machine in a thread of its own, and its trace in this one. */
class Traced {
  readonly worker: Worker;
  readonly words: Int32Array;

  constructor(context: TestContext, job: Omit<Job, "progress">) {
    const progress = new SharedArrayBuffer(8);
    this.words = new Int32Array(progress);
    this.worker = new Worker(PROGRAM, { workerData: { ...job, progress } satisfies Job });
    context.after(() => this.worker.terminate());
  }

  async follow(): Promise<TraceStream> {
    const [feed] = (await once(this.worker, "message")) as [TraceFeed];
    Atomics.store(this.words, BEGIN, 1);
    Atomics.notify(this.words, BEGIN);
    return followTrace(feed);
  }

  async ended(): Promise<Ended> {
    const [ended] = (await once(this.worker, "message")) as [Ended];
    return ended;
  }

  /** Reports the number of events that this thread has read. */
  tell(taken: number): void {
    Atomics.store(this.words, TAKEN, taken);
    Atomics.notify(this.words, TAKEN);
  }
}

async function next(stream: TraceStream): Promise<TraceEvent> {
  const { value } = await stream.next();
  assert.ok(value !== undefined);
  return value;
}

for (const [order, endian] of (["little", "big"] as const).entries()) {
  suite(`following a trace, ${endian} endian`, () => {
    for (const tracer of everyOther(["function", "function_graph"] as const, order)) {
      test(`${tracer}: a run of any length, with a ring of 4,096 and a reader that keeps up`, async () => {
        const rounds = 800_000;
        const machine = await leaf(endian);
        const running = machine.trace({ tracer, capacity: 4096 } as { tracer: TracerName });
        const stream = running.stream();
        const tally = new Tally(tracer);
        const call = machine.start("leaf_loop", [rounds]);
        for (let more = true; more; ) {
          more = call.advance(1000 * ROUND).reason === "steps";
          if (!more) running.stop();
          for (;;) {
            const events = stream.read(1000);
            if (events.length === 0 && (more || stream.over)) break;
            for (const event of events) {
              if (event.name === "leaf_step") tally.take(event, stream.lost);
            }
          }
        }
        call.close();
        assert.equal(stream.lost, 0);
        assert.equal(tally.taken, tracer === "function" ? rounds : 2 * rounds);
      });

      test(`${tracer}: another thread loses nothing if the guest waits for it`, async (context) => {
        const rounds = 50_000;
        const traced = new Traced(context, {
          ...{ endian, tracer, rounds, capacity: 4096 },
          slice: 1000 * ROUND,
        });
        const stream = await traced.follow();
        const ended = traced.ended();
        const tally = new Tally(tracer);
        const names = new Set<string>();
        let taken = 0;
        for await (const event of stream) {
          names.add(`${event.module} ${event.name}`);
          if (event.name === "leaf_step") tally.take(event, stream.lost);
          taken += 1;
          traced.tell(taken);
        }
        assert.equal((await ended).written, taken);
        assert.equal(stream.lost, 0);
        assert.ok(stream.over);
        assert.deepEqual(
          names,
          new Set(["shapes shapes_leaf", "leaf leaf_loop", "leaf leaf_step"]),
        );
      });

      test(`${tracer}: a thread that falls behind is given the number of lost events`, async (context) => {
        const traced = new Traced(context, {
          endian,
          tracer,
          rounds: 2e6,
          capacity: 1024,
          slice: null,
        });
        const stream = await traced.follow();
        const ended = traced.ended();
        // By then the run has started, and the ring has wrapped many times.
        await sleep(100);
        let tally: Tally | undefined;
        let taken = 0;
        let lost = 0;
        for await (const event of stream) {
          taken += 1;
          lost = stream.lost;
          if (event.name !== "leaf_step") continue;
          // Up to three events of shapes_leaf and leaf_loop, or similar ones, come before the first.
          tally ??= new Tally(tracer, firstOf(tracer) - (taken - 1));
          tally.take(event, lost);
          if (taken % 300 === 0) await sleep(3);
        }
        const { written } = await ended;
        assert.equal(taken + stream.lost, written);
        assert.ok(stream.lost > 0);
      });
    }

    test("filters change and tracing is switched while translated code runs", async (context) => {
      const traced = new Traced(context, {
        ...{ endian, tracer: "function", rounds: ENDLESS, capacity: 65536 },
        slice: null,
      });
      const stream = await traced.follow();
      const running = async (): Promise<void> => {
        for (let taken = 0; taken < 100_000; taken += stream.read().length) await next(stream);
      };
      const silent = async (): Promise<void> => {
        await sleep(20);
        while (stream.read().length > 0);
        await sleep(20);
        assert.deepEqual(stream.read(), []);
      };
      await running();
      stream.tracingOn = false;
      assert.equal(stream.tracingOn, false);
      await silent();
      stream.tracingOn = true;
      await running();

      await stream.write("set_ftrace_filter", "shapes_*");
      await silent();
      await assert.rejects(stream.write("set_ftrace_filter", "no_such_function"), Misuse);
      await stream.write("set_ftrace_filter", "leaf_step");
      await running();
      await stream.write("set_ftrace_notrace", "leaf_step", { append: true });
      await silent();
      await stream.write("set_ftrace_notrace", "");
      await running();

      await stream.stop();
      for await (const event of stream) assert.equal(event.name, "leaf_step");
      await assert.rejects(stream.stop(), Misuse);
    });

    test("a thread that ends in the middle ends its stream", async (context) => {
      const traced = new Traced(context, {
        ...{ endian, tracer: "function", rounds: ENDLESS, capacity: 1024 },
        slice: null,
      });
      const stream = await traced.follow();
      await next(stream);
      const wish = stream.write("set_ftrace_filter", "leaf_step").catch(() => {});
      await traced.worker.terminate();
      for await (const event of stream) assert.ok(event.name.length > 0);
      await wish;
      assert.ok(stream.over);
    });

    test("clear() doesn't affect a follower, and the next tracer ends it", async () => {
      const machine = await leaf(endian);
      const tracer = machine.trace();
      const stream = tracer.stream();
      machine.call("leaf_loop", [2]);
      const arrived = (): string[] => stream.read().map(({ name }) => name);
      assert.deepEqual(arrived(), ["leaf_loop", "leaf_step", "leaf_step"]);
      tracer.clear();
      machine.call("leaf_step", [2]);
      assert.deepEqual(arrived(), ["leaf_step"]);
      assert.equal(stream.lost, 0);
      machine.call("leaf_step", [2]);
      tracer.stop();
      machine.trace();
      machine.call("leaf_loop", [2]);
      assert.deepEqual(stream.read(), []);
      assert.ok(stream.over);
      assert.throws(() => tracer.feed(), Misuse);
    });

    test("a ring that is too small to be read safely can't be followed", async () => {
      const machine = await leaf(endian);
      assert.throws(() => machine.trace({ capacity: 128 }).stream(), Misuse);
    });
  });
}

/** Events before leaf_step's first: those of shapes_leaf, and leaf_loop's entry. */
function firstOf(tracer: TracerName): number {
  return tracer === "function" ? 2 : 3;
}
