// Holds farjal's texts of tracing to a kernel that runs on the board: the same module is loaded into the kernel and into
// a machine with that kernel, and both show the files of tracefs with the same tracer. What is compared is what a
// release decides: headers, options, functions with their flags, and the formats of the events in a trace.dat.

import assert from "node:assert/strict";
import { KernelTracer } from "../../src/board/kernel-tracer.ts";
import type { Linux } from "../../src/board/linux.ts";
import { ByteBuffer } from "../../src/bytes/byte-buffer.ts";
import { latin1, utf8 } from "../../src/bytes/text.ts";
import { writeTrace } from "../../src/formats/export.ts";
import type { TraceFile } from "../../src/ftrace/tracefs.ts";
import type { Machine } from "../../src/lab/machine.ts";

const TRACEFS = "/sys/kernel/tracing";
const OPTIONS = "trace_options";
const EVENTS = ["function", "funcgraph_entry", "funcgraph_exit"];

/** A file of the running kernel's tracefs. */
function theirs(linux: Linux, file: string): string {
  return utf8(linux.read(`${TRACEFS}/${file}`));
}

/** The lines of a trace that begin with `#`, without the number of entries. */
function header(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.startsWith("#"));
  return lines.map((line) => line.replace(/\d+\/\d+/, "N/N"));
}

/** The lines of a module's functions, without addresses. */
function linesOf(text: string, module: string): string[] {
  const lines = text.split("\n").filter((line) => line.includes(`[${module}]`));
  return lines.map((line) => line.replace(/^[0-9a-f]{8} /, "ADDRESS "));
}

/**
 * @param linux the running kernel, in which the module isn't loaded.
 * @param machine a machine with the same kernel, in which it is.
 * @param module its name.
 * @param load loads it into the running kernel.
 */
export function compareTexts(
  linux: Linux,
  machine: Machine,
  module: string,
  load: () => void,
): void {
  const files: readonly TraceFile[] = [
    "available_filter_functions",
    "enabled_functions",
    ...(machine.kernelProfile.rules.F9 === "both"
      ? (["touched_functions", "available_filter_functions_addrs"] as const)
      : []),
  ];
  assert.equal(machine.tracefs(OPTIONS), theirs(linux, OPTIONS));
  assert.deepEqual(header(machine.tracefs("trace")), header(theirs(linux, "trace")));
  load();
  for (const name of ["function", "function_graph"] as const) {
    // The running kernel's filter has the module's present functions; those of its init memory are gone in both.
    const kernelTracer = KernelTracer.start(linux, { tracer: name, module });
    const tracer = machine.trace({ tracer: name, filter: [`*:mod:${module}`] });
    for (const file of files) {
      assert.deepEqual(
        linesOf(machine.tracefs(file), module),
        linesOf(theirs(linux, file), module),
        `${name}: ${file}`,
      );
    }
    assert.ok(linesOf(machine.tracefs("enabled_functions"), module).length > 0);
    assert.equal(machine.tracefs(OPTIONS), theirs(linux, OPTIONS));
    assert.deepEqual(header(machine.tracefs("trace")), header(kernelTracer.stop()));
    tracer.stop();
  }
  const file = new ByteBuffer();
  const { release, rules } = machine.kernelProfile;
  const { endian, clockHz } = machine;
  const task = { name: "farjal", pid: 1 };
  const empty = { cpus: 1, overruns: 0, addresses: true, events: [], records: [] };
  writeTrace({ task, endian, clockHz, release, rules, ...empty }, "trace.dat", file);
  const written = latin1(file.bytes());
  for (const format of [
    "header_page",
    "header_event",
    ...EVENTS.map((one) => `ftrace/${one}/format`),
  ]) {
    assert.ok(written.includes(theirs(linux, `events/${format}`)), `${format} of ${release}`);
  }
}
