// One measured call: a machine of its own, with a module in it and its call sites in one state. The first call
// is counted, exactly; further ones can be timed. Which states are compared, and what comes of it, is for the
// commands that measure.

import { type CallArguments, readArguments } from "../cli/options/call-arguments.ts";
import type { CallOptions } from "../cli/options/module-options.ts";
import { type RunningSession, Session, type SessionOptions, type Source } from "../cli/session.ts";
import {
  type CallResult,
  type Engine,
  type LoadedModule,
  type Machine,
  Misuse,
  Refusal,
  type Tracer,
  type TraceWay,
} from "../index.ts";
import type { Tracing } from "../report/bench-text.ts";
import type { Task } from "./interleave.ts";

/** What a run needs of a command's options. */
export type RunOptions = Omit<CallOptions, "engine"> & Pick<SessionOptions, "veneers">;

/** A run before it is measured. */
export interface Setup {
  readonly engine: Engine;
  readonly source: Source;
  readonly tracer: Tracing;
  readonly way: TraceWay | null;
  /** What is done with the module before the first call. */
  readonly prepare?: (machine: Machine, module: LoadedModule) => void;
}

export class Run {
  readonly setup: Setup;
  readonly module: LoadedModule;
  readonly first: CallResult;
  /** Events of the first call. */
  readonly calls: number;
  readonly #session: RunningSession;
  readonly #args: CallArguments;
  readonly #options: RunOptions;
  readonly #address: number;
  #tracer: Tracer | undefined;

  /** @throws Misuse when the module has no such function, Refusal when it doesn't load or return. */
  static async start(setup: Setup, texts: readonly string[], options: RunOptions): Promise<Run> {
    const session = await Session.open(setup.source, { ...options, engine: setup.engine });
    const module = session.load();
    setup.prepare?.(session.machine, module);
    const args = readArguments(texts, session.machine);
    return new Run(setup, session, module, args, options);
  }

  private constructor(
    setup: Setup,
    session: RunningSession,
    module: LoadedModule,
    args: CallArguments,
    options: RunOptions,
  ) {
    this.setup = setup;
    this.module = module;
    this.#session = session;
    this.#args = args;
    this.#options = options;
    const address = session.machine.addressOf(options.call);
    if (address === undefined) {
      throw new Misuse(`${setup.source.path} has no function '${options.call}'`);
    }
    this.#address = address;
    this.#switchOn();
    this.first = this.#call();
    this.calls = this.#tracer?.calls ?? 0;
    this.#switchOff();
  }

  get machine(): Machine {
    return this.#session.machine;
  }

  /** The function called and its arguments, in this run's machine. */
  get target(): number {
    return this.#address;
  }

  get args(): CallArguments["values"] {
    return this.#args.values;
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
    const { budget } = this.#options;
    const result = this.#session.machine.call(this.#address, this.#args.values, { budget });
    if (result.exception === undefined) return result;
    throw new Refusal({ errno: null, dmesg: [], explanation: result.exception.message });
  }

  #switchOn(): void {
    const { way, tracer } = this.setup;
    if (way === null || tracer === "none" || tracer === "off") return;
    this.#tracer = this.#session.machine.trace({ tracer, way });
  }

  #switchOff(): void {
    this.#tracer?.stop();
  }
}
