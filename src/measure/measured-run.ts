// One measured call: a machine of its own with a module loaded and its call sites in one state. The first call is
// counted exactly; further calls can be timed. The caller decides how the machine is made, which states are compared
// and how the numbers are combined (bench-rows.ts, cost/table.ts).

import { Misuse, Refusal } from "../errors.ts";
import type { TracerName } from "../ftrace/event.ts";
import type { Tracer, TraceWay } from "../ftrace/tracer.ts";
import type { CallResult } from "../lab/calls/outcome.ts";
import type { Machine } from "../lab/machine.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { Engine } from "../processor/engine.ts";
import type { Veneers } from "../trampoline/facts.ts";
import type { Task } from "./interleave.ts";

/** none: built without call sites; off: its call sites are switched off. */
export type Tracing = "none" | "off" | TracerName;

/** A machine with the measured module loaded, and the call's arguments in that machine's form. */
export interface Subject {
  readonly machine: Machine;
  readonly module: LoadedModule;
  readonly args: readonly (number | bigint)[];
}

/** The call that is measured. */
export interface MeasuredCall {
  /** The function's name or address. */
  readonly name: string | number;
  /** Instructions that it may take. */
  readonly budget: number;
}

/** The settings of a run. */
export interface Setup {
  /** Makes a new machine with the module loaded. @throws Refusal if the module doesn't load. */
  readonly open: Open;
  readonly engine: Engine;
  readonly tracer: Tracing;
  readonly way: TraceWay | null;
  /** How far jumps share veneers; default: the loader's. */
  readonly veneers?: Veneers;
  /** Prepares the module before the first call. */
  readonly prepare?: (machine: Machine, module: LoadedModule) => void;
}

export type Open = (engine: Engine, veneers?: Veneers) => Promise<Subject>;

export class Run {
  readonly setup: Setup;
  readonly machine: Machine;
  readonly module: LoadedModule;
  /** The address of the function that is called, and its arguments. */
  readonly target: number;
  readonly args: Subject["args"];
  readonly first: CallResult;
  /** Events of the first call. */
  readonly calls: number;
  readonly #budget: number;
  #tracer: Tracer | undefined;

  /** @throws Misuse if the module has no such function, Refusal if it doesn't load or the call doesn't return. */
  static async start(setup: Setup, call: MeasuredCall): Promise<Run> {
    const subject = await setup.open(setup.engine, setup.veneers);
    setup.prepare?.(subject.machine, subject.module);
    return new Run(setup, subject, call);
  }

  private constructor(setup: Setup, { machine, module, args }: Subject, call: MeasuredCall) {
    this.setup = setup;
    this.machine = machine;
    this.module = module;
    this.args = args;
    this.#budget = call.budget;
    const address = typeof call.name === "number" ? call.name : machine.addressOf(call.name);
    if (address === undefined) throw new Misuse(`${module.name} has no function '${call.name}'`);
    this.target = address;
    this.#switchOn();
    this.first = this.#call();
    this.calls = this.#tracer?.calls ?? 0;
    this.#switchOff();
  }

  task(): Task {
    return {
      run: () => {
        this.#call();
      },
      before: () => this.#switchOn(),
      after: () => this.#switchOff(),
    };
  }

  #call(): CallResult {
    const result = this.machine.call(this.target, this.args, {
      budget: this.#budget,
      throws: false,
    });
    if (result.exception === undefined) return result;
    throw new Refusal({ errno: null, dmesg: [], explanation: result.exception.message });
  }

  #switchOn(): void {
    const { way, tracer } = this.setup;
    if (way === null || tracer === "none" || tracer === "off") return;
    this.#tracer = this.machine.trace({ tracer, way });
  }

  #switchOff(): void {
    this.#tracer?.stop();
  }
}
