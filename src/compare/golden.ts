// Golden traces: files in ftrace's text format that a test compares with; trace viewers can open them too. They hold
// only what is compared, so that a golden trace changes only if the calls do: all times are zero, and function_graph's
// durations are left out. A line `# farjal golden` gives the version; a file without it is a plain trace, recorded by
// farjal or on a real machine.

import { existsSync } from "node:fs";
import { host } from "#host";
import { latin1 } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import { traceFromBytes } from "../formats/read.ts";
import { symbolText } from "../formats/viewers/call-tree.ts";
import type { TracerName } from "../ftrace/event.ts";
import { ftraceHeader, ftraceLine } from "../ftrace/text/function-text.ts";
import { INPUT_BYTES } from "../limits.ts";
import { type Call, CallReader, isCall } from "./calls.ts";

const VERSION = 1;
/** The mark is among the comments at the beginning. */
const HEADER = 1 << 12;
const MARK = /^# farjal golden (.*?)\r?$/m;
const TASK = { name: "farjal", pid: 1 };
const GRAPH_HEADER = `# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
# |     |   |                     |   |   |   |
`;
/** function_graph's columns for CPU 0 and no duration. */
const GRAPH_COLUMNS = ` 0) ${" ".repeat(14)}|  `;

export interface Golden {
  readonly tracer: TracerName | undefined;
  readonly calls: readonly Call[];
}

/** @throws Misuse if there is no such file, if it has another version, or if it is no trace. */
export function readGolden(path: string, howToMake: string): Golden {
  if (!existsSync(path)) throw new Misuse(`the golden trace ${path} isn't there; ${howToMake}`);
  const bytes = host.readFile(path, INPUT_BYTES);
  const version = MARK.exec(latin1(bytes.subarray(0, HEADER)))?.[1];
  if (version !== undefined && version !== String(VERSION)) {
    throw new Misuse(
      `the golden trace ${path} is of version ${version}, this farjal reads version ${VERSION}; ${howToMake}`,
    );
  }
  const reader = new CallReader();
  const calls: Call[] = [];
  for (const event of traceFromBytes(bytes, path).events) {
    const taken = reader.take(event);
    if (isCall(taken)) calls.push(taken);
  }
  if (calls.length === 0) throw new Misuse(`the golden trace ${path} has no call; ${howToMake}`);
  return { tracer: reader.tracer, calls };
}

/** The text of a golden trace. */
export function goldenText(calls: readonly Call[], tracer: TracerName): string {
  const mark = `# farjal golden ${VERSION}\n`;
  if (tracer === "function_graph") return [GRAPH_HEADER, mark, ...graphLines(calls)].join("");
  const lines = calls.map(({ name, caller }) =>
    ftraceLine(TASK, { microseconds: 0, cpu: 0, name, parentName: caller ?? "" }),
  );
  return [ftraceHeader({ entries: calls.length, written: calls.length }), mark, ...lines].join("");
}

function* graphLines(calls: readonly Call[]): Generator<string> {
  const open: number[] = [];
  const line = (depth: number, text: string): string =>
    `${GRAPH_COLUMNS}${"  ".repeat(depth)}${text}\n`;
  const close = function* (depth: number): Generator<string> {
    while ((open.at(-1) ?? -1) >= depth) yield line(open.pop() ?? 0, "}");
  };
  for (const [index, call] of calls.entries()) {
    const { depth } = call;
    yield* close(depth);
    const text = symbolText(call);
    const leaf = (calls[index + 1]?.depth ?? 0) <= depth;
    yield line(depth, leaf ? `${text}();` : `${text}() {`);
    if (!leaf) open.push(depth);
  }
  yield* close(0);
}
