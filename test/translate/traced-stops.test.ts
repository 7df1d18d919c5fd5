// Traced calls on both engines, run in pieces of random length. Between the pieces tracing is switched on and off with
// other filters, tracers and ways, a breakpoint is set, the machine is saved and restored. The modules' functions are
// small enough to be read at their calls while their sites are off, and their loops have plans. All state, the events
// and the results must be the interpreter's. The module's results are QEMU's (test/modules/expected.json).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CPU_LIMIT } from "../../assembly/shared/cpu-state.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import type { TraceOptions } from "../../src/ftrace/tracer.ts";
import type { GuestCall } from "../../src/lab/calls/guest-call.ts";
import { Machine } from "../../src/lab/machine.ts";
import { ENDIANS, guestState } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

/** A module, the function that is called in it, its arguments, and functions that it reaches. */
const CALLS = [
  ["leaf", "leaf_loop", [300], ["leaf_step", "leaf_loop"]],
  ["modern", "work_run", [5], ["work_checksum", "mix", "work_fill", "work_fibonacci", "work_copy"]],
  ["jal2009ra", "work_run", [6], ["work_checksum", "mix", "work_text"]],
  ["shapes", "shapes_run", [9], ["shapes_leaf", "shapes_tail", "shapes_even", "shapes_recurse"]],
] as const;
const MEMORY = 4 << 20;
const SEEDS = thorough ? 12 : 1;
/** Calls that make the code hot, and calls in pieces. */
const WARM = 60;
const TRIED = 3;
const PIECES = [1, 7, 40, 300, 2000];
const MOST_PIECES = 30;

type Subject = (typeof CALLS)[number];

async function machineFor([name]: Subject, endian: Endian): Promise<Machine> {
  const machine = await Machine.create({ endian, memory: MEMORY });
  const path = `test/modules/built/${name}-${endian}.ko`;
  await machine.insmod(repositoryFile(path), { farJumps: "trampoline" });
  return machine;
}

class Pair {
  readonly machines: readonly [right: Machine, tried: Machine];
  readonly #subject: Subject;
  readonly #random: Random;

  constructor(machines: readonly [Machine, Machine], subject: Subject, seed: number) {
    this.machines = machines;
    this.#subject = subject;
    this.#random = new Random(seed);
    machines[1].processor.engine = "translator";
  }

  warm(): void {
    const [, name, args] = this.#subject;
    for (const machine of this.machines) {
      for (let calls = 0; calls < WARM; calls++) machine.call(name, [...args]);
    }
  }

  /** One call in pieces. */
  call(at: string): void {
    const [, name, args] = this.#subject;
    let calls = this.machines.map((machine) => machine.start(name, [...args]));
    for (let piece = 0; piece < MOST_PIECES; piece++) {
      const place = `${at}, piece ${piece}`;
      const isLast = piece + 1 === MOST_PIECES;
      if (!isLast) calls = this.#intervene(calls);
      const steps = isLast ? 1e9 : this.#random.below(this.#random.pick(PIECES));
      const [wanted, halt] = calls.map((call) => call.advance(steps));
      assert.deepEqual(halt, wanted, place);
      this.compare(place);
      if (wanted?.reason === "returned") break;
      for (const { processor } of this.machines) processor.setWatches([]);
    }
    const [wanted, result] = calls.map((call) => call.result());
    assert.deepEqual(result, wanted, at);
    for (const call of calls) call.close();
  }

  compare(at: string): void {
    const [right, tried] = this.machines.map(({ processor }) => {
      processor.words[CPU_LIMIT / 4] = 0; // the host's word
      return guestState(processor);
    });
    assert.ok(right && tried?.equals(right), `another state: ${at}`);
  }

  #intervene(calls: GuestCall[]): GuestCall[] {
    const random = this.#random;
    switch (random.below(6)) {
      case 0:
        this.trace({ tracer: "function", ...this.#filter() });
        break;
      case 1:
        this.trace({ tracer: "function_graph", ...this.#filter() });
        break;
      case 2:
        this.trace(null);
        break;
      case 3: {
        const name = random.pick(this.#subject[3]);
        const within = 4 * random.below(12);
        for (const machine of this.machines) {
          const address = (machine.addressOf(name) as number) + within;
          machine.processor.setWatches([{ address, size: 4, kind: "execute" }]);
        }
        break;
      }
      case 4:
        if (this.#isTracing) break; // events that are restored are a test's of its own
        return this.machines.map((machine) => machine.restore(machine.save()) as GuestCall);
    }
    return calls;
  }

  #filter(): TraceOptions {
    const random = this.#random;
    const filter = this.#subject[3].filter(() => random.oneIn(2));
    return { filter, way: random.oneIn(4) ? "guest" : "native" };
  }

  get #isTracing(): boolean {
    return this.#tracers.some(({ running }) => running);
  }

  #tracers: ReturnType<Machine["trace"]>[] = [];

  /** Ends the trace that runs, compares its events, and begins another. */
  trace(options: TraceOptions | null): void {
    for (const tracer of this.#tracers) tracer.stop();
    const [wanted, events] = this.#tracers.map((tracer) => [...tracer.events()]);
    assert.deepEqual(events, wanted);
    this.#tracers = options === null ? [] : this.machines.map((machine) => machine.trace(options));
  }
}

describe("traced calls in pieces have the interpreter's state, events and results", () => {
  for (const endian of ENDIANS) {
    for (const subject of CALLS) {
      test(`${subject[0]}, ${endian}-endian`, async () => {
        for (let seed = 1; seed <= SEEDS; seed++) {
          const machines = [
            await machineFor(subject, endian),
            await machineFor(subject, endian),
          ] as const;
          const pair = new Pair(machines, subject, seed * 7919);
          pair.warm();
          for (let call = 0; call < TRIED; call++) pair.call(`seed ${seed}, call ${call}`);
          pair.trace(null);
          const { processor } = machines[1];
          const { instructions = 0 } = processor.statistics ?? {};
          assert.ok(instructions > processor.count / 6, `only ${instructions} were translated`);
        }
      });
    }
  }
});
