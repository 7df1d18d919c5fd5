// The trace of a running kernel from its own files. Addresses and times are those of the ring's raw pages. Names are
// those of /proc/kallsyms, and for functions that aren't listed there, since an init function's memory is free by then,
// those that the kernel prints in its trace file.

import { utf8Bytes } from "../bytes/text.ts";
import { digits } from "../hex.ts";
import { traceFromBytes } from "./read.ts";
import type { RecordedEvent, Trace } from "./trace.ts";
import { type KernelTraceFiles, traceDatOf } from "./trace-dat/kernel-files.ts";

const NAME = "the kernel's trace";

/** @throws Misuse when the files aren't those of a trace. */
export function traceOfKernel(files: KernelTraceFiles): Trace {
  const read = (kallsyms: string): Trace =>
    traceFromBytes(traceDatOf({ ...files, kallsyms }), NAME);
  const trace = read(files.kallsyms);
  const lines = unlisted([...trace.events], [...shownEvents(files.trace)]);
  return lines.length === 0 ? trace : read(files.kallsyms + lines.join(""));
}

function shownEvents(text: string): Iterable<RecordedEvent> {
  return traceFromBytes(utf8Bytes(text), NAME).events;
}

/** Lines of kallsyms for the events whose name in the trace file is another one. Both lists have the same events. */
function unlisted(events: readonly RecordedEvent[], shown: readonly RecordedEvent[]): string[] {
  if (events.length !== shown.length) return [];
  const lines = events.flatMap(({ type, ip, name, module }, index) => {
    const other = shown[index];
    if (other === undefined || other.type !== type || other.name === name) return [];
    const of = other.module ?? module;
    return [`${digits(ip)} t ${other.name}${of === null ? "" : `\t[${of}]`}\n`];
  });
  return [...new Set(lines)];
}
