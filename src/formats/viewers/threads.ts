// Finds the stack to which an event belongs. A task has one stack, on any CPU. Each CPU has an idle task of its own,
// all with pid 0, and text without tasks doesn't name any; these stacks are distinguished by the CPU. Viewers get a
// name and a number for each stack; the numbers of the second and further idle tasks are above all pids (PID_MAX_LIMIT
// is 4 Mi on 64 bits).

import type { TraceTask } from "../../ftrace/text/function-text.ts";
import type { TraceFacts } from "../trace.ts";

export interface Thread {
  /** `name-pid`, followed by the CPU for an idle or unknown task of a machine with several CPUs. */
  readonly label: string;
  /** A number for viewers that identify threads by number. */
  readonly id: number;
  readonly task: TraceTask;
}

const PID_MAX_LIMIT = 4 << 20;

export class Threads {
  readonly #facts: Pick<TraceFacts, "task" | "cpus">;
  readonly #threads = new Map<number, Thread>();
  readonly #idle = new Map<number, Thread>();

  /** @param facts the trace's facts; its task is used for events that name none. */
  constructor(facts: Pick<TraceFacts, "task" | "cpus">) {
    this.#facts = facts;
  }

  /** The event's thread: the same object for the same stack. */
  of({
    task = this.#facts.task,
    cpu,
  }: {
    readonly task?: TraceTask;
    readonly cpu: number;
  }): Thread {
    const { name, pid } = task;
    const [threads, key] = pid === 0 ? [this.#idle, cpu] : [this.#threads, pid];
    let thread = threads.get(key);
    if (thread === undefined) {
      const where = pid === 0 && this.#facts.cpus > 1 ? ` [${String(cpu).padStart(3, "0")}]` : "";
      const id = pid === 0 && cpu > 0 ? PID_MAX_LIMIT + cpu : pid;
      thread = { label: `${name}-${pid}${where}`, id, task };
      threads.set(key, thread);
    }
    return thread;
  }
}
