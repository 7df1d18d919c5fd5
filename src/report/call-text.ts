// Prints the result of a call: the value, what the guest printed, what it wrote, or why it stopped. stop-text.ts prints
// the processor's state.

import { hex } from "../hex.ts";
import { counted } from "../html/numbers.ts";
import type { CallOutcome } from "../lab/calls/outcome.ts";
import { hexDump } from "./hex-dump.ts";
import type { Paint } from "./paint.ts";

export interface CallReport {
  /** `name(7, "text")`. */
  readonly call: string;
  readonly result: CallOutcome;
  /** The guest's messages. */
  readonly log: readonly string[];
  /** The bytes of each `out:` argument after the call. */
  readonly outputs: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** The lines, each with its newline. */
export function callText({ call, result, log, outputs }: CallReport, paint: Paint): string {
  const { v0, v1, instructions, exception } = result;
  const lines = [
    ...log.map((line) => paint.dim(line)),
    exception === undefined
      ? `${call} = ${paint.bold(hex(v0))} (${v0}${(v0 | 0) < 0 ? `, ${v0 | 0}` : ""})`
      : `${call} ${paint.red("did not return")}: ${exception.message}`,
    `  ${counted(instructions, "instruction")}${exception === undefined ? `, v1 ${hex(v1)}` : ""}`,
    ...outputs.flatMap(({ address, bytes }) => [
      `out:${bytes.length} at ${hex(address)}`,
      ...[...hexDump(bytes)].map((line) => `  ${line}`),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
