// The form of a trace's records in the documents that --json prints.

import { hex } from "../../hex.ts";
import type { TraceRecord } from "../../index.ts";

/**
 * `ts` is in seconds since the machine's reset, a return's `duration` in seconds; an unknown `task` is left out.
 * @param clockHz the machine's clock, in counts a second.
 */
export function recordJson(event: TraceRecord, clockHz: number): Readonly<Record<string, unknown>> {
  const { time: ts, cpu, task } = event;
  switch (event.type) {
    case "function": {
      const { name: func, parentName: parent, module } = event;
      const [ip, parentIp] = [hex(event.ip), hex(event.parentIp)];
      return { ts, cpu, task, func, parent, module, ip, parentIp };
    }
    case "other":
      return { ts, cpu, task, event: event.name, fields: event.fields };
    case "funcgraph_entry": {
      const { type, name: func, module, depth } = event;
      return { ts, cpu, task, event: type, func, module, depth, ip: hex(event.ip) };
    }
    case "funcgraph_exit": {
      const { type, name: func, module, depth, count, entryCount } = event;
      const duration = (count - entryCount) / clockHz;
      return { ts, cpu, task, event: type, func, module, depth, ip: hex(event.ip), duration };
    }
  }
}
