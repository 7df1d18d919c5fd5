// The form of a trace's records in the documents that --json prints.

import { hex } from "../../hex.ts";
import type { FunctionLineOf, TraceRecord } from "../../index.ts";

/**
 * `ts` is in seconds since the machine's reset, a return's `duration` in seconds; an unknown `task` is left out.
 * @param clockHz the machine's clock, in counts a second.
 * @param lineOf the functions' lines, if they are wanted.
 */
export function recordJson(
  event: TraceRecord,
  clockHz: number,
  lineOf?: FunctionLineOf,
): Readonly<Record<string, unknown>> {
  const { time: ts, cpu, task } = event;
  const line =
    lineOf === undefined || event.type === "other" ? {} : lineOf(event.name, event.module);
  switch (event.type) {
    case "function": {
      const { name: func, parentName: parent, module } = event;
      const [ip, parentIp] = [hex(event.ip), hex(event.parentIp)];
      return { ts, cpu, task, func, parent, module, ip, parentIp, ...line };
    }
    case "other":
      return { ts, cpu, task, event: event.name, fields: event.fields };
    case "funcgraph_entry": {
      const { type, name: func, module, depth } = event;
      return { ts, cpu, task, event: type, func, module, depth, ip: hex(event.ip), ...line };
    }
    case "funcgraph_exit": {
      const { type, name: func, module, depth, count, entryCount } = event;
      const duration = (count - entryCount) / clockHz;
      return {
        ts,
        cpu,
        task,
        event: type,
        func,
        module,
        depth,
        ip: hex(event.ip),
        duration,
        ...line,
      };
    }
  }
}
