// Whose stack an event belongs to. A task has one stack, on whatever CPU it runs. The idle task is one on each CPU, all
// with pid 0, and so is what text without tasks calls nothing: there the CPU tells the stacks apart. Viewers get a name and
// a number for each; the numbers of the further idle tasks are above all pids (PID_MAX_LIMIT is 4 Mi on 64 bits).

import type { TraceTask } from "../../ftrace/text/function-text.ts";
import type { TraceFacts } from "../trace.ts";

export interface Thread {
  /** `name-pid`; with the CPU behind it for an idle or unknown task of a machine with several. */
  readonly label: string;
  /** For viewers that show threads by number. */
  readonly id: number;
  readonly task: TraceTask;
}

const PID_MAX_LIMIT = 4 << 20;

export class Threads {
  readonly #facts: Pick<TraceFacts, "task" | "cpus">;
  readonly #threads = new Map<number, Thread>();
  readonly #idle = new Map<number, Thread>();

  /** @param facts the trace's: its task is that of events that name none. */
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
