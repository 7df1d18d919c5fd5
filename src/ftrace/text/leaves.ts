// Calls whose return is their CPU's next event, which the kernel and trace-cmd print on one line: both look at the
// CPU's next event (get_return_for_leaf() in kernel/trace/trace_functions_graph.c and in trace-cmd's trace-ftrace.c),
// regardless of other CPUs. So an entry waits here for its CPU's next record, and other CPUs' records wait behind it.

import { WAITING_RECORDS } from "../../limits.ts";

interface Traced {
  readonly type: string;
  readonly cpu: number;
}

interface Entry extends Traced {
  readonly ip: number;
  readonly name: string;
  readonly task?: { readonly pid: number };
}

interface Waiting<R, Return> {
  readonly record: R;
  leaf: Return | null;
  known: boolean;
}

/** Yields each record with the return that is on its line, or null; such returns are not yielded by themselves. */
export function* foldLeaves<R extends Traced>(
  records: Iterable<R>,
): Generator<readonly [record: R, leaf: Extract<R, { type: "funcgraph_exit" }> | null]> {
  type Return = Extract<R, { type: "funcgraph_exit" }>;
  let waiting: Waiting<R, Return>[] = [];
  let first = 0;
  const entries = new Map<number, Waiting<R, Return>>();
  for (const record of records) {
    const entry = entries.get(record.cpu);
    if (entry !== undefined) {
      entries.delete(record.cpu);
      entry.known = true;
      if (isReturnOf<Return>(entry.record, record)) entry.leaf = record;
    }
    if (entry?.leaf !== record) {
      const isEntry = record.type === "funcgraph_entry";
      const added = { record, leaf: null, known: !isEntry };
      waiting.push(added);
      if (isEntry) entries.set(record.cpu, added);
    }
    while (first < waiting.length) {
      const next = waiting[first] as Waiting<R, Return>;
      if (!next.known) {
        if (waiting.length - first <= WAITING_RECORDS) break;
        entries.delete(next.record.cpu);
      }
      first += 1;
      yield [next.record, next.leaf];
    }
    if (first === waiting.length) {
      waiting = [];
      first = 0;
    } else if (first >= WAITING_RECORDS) {
      waiting = waiting.slice(first);
      first = 0;
    }
  }
  for (; first < waiting.length; first += 1) {
    const { record, leaf } = waiting[first] as Waiting<R, Return>;
    yield [record, leaf];
  }
}

function isReturnOf<Return extends Traced>(entry: Traced, record: Traced): record is Return {
  if (record.type !== "funcgraph_exit") return false;
  const [one, other] = [entry as Entry, record as Entry];
  return one.ip === other.ip && one.name === other.name && one.task?.pid === other.task?.pid;
}
