// Prints the result of a call: what was made of its arguments, the value, what the guest printed, what it wrote, or why
// it stopped. stop-text.ts prints the processor's state.

import { hex } from "../hex.ts";
import { counted } from "../html/numbers.ts";
import type { CallOutcome } from "../lab/calls/outcome.ts";
import type { ReadValue } from "../lab/structs/struct.ts";
import { hexDump } from "./hex-dump.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

export interface CallReport {
  /** `name(7, "text")`. */
  readonly call: string;
  /** What each argument is in the machine. */
  readonly made: readonly { readonly text: string; readonly made: string }[];
  readonly result: CallOutcome;
  /** The result by its type; null for a call that did not return. Its text is null for a function without one. */
  readonly shown: { readonly text: string | null; readonly json: unknown } | null;
  /** The guest's messages. */
  readonly log: readonly string[];
  /** The memory of each `out:` and `inout:` argument after the call, and its value where its type is known. */
  readonly outputs: readonly {
    readonly label: string;
    readonly address: number;
    readonly bytes: Uint8Array;
    readonly value: ReadValue | null;
  }[];
}

/** The lines, each with its newline. */
export function callText(report: CallReport, paint: Paint): string {
  const { call, made, result, shown, log, outputs } = report;
  const { v1, instructions, exception } = result;
  const lines = [
    ...log.map((line) => paint.dim(line)),
    exception === undefined
      ? `${call}${shown?.text == null ? " returned" : ` = ${paint.bold(shown.text)}`}`
      : `${call} ${paint.red("did not return")}: ${exception.message}`,
    ...columns(made.map((one) => [one.text, `→ ${one.made}`])),
    `  ${counted(instructions, "instruction")}${v1 === undefined ? "" : `, v1 ${hex(v1)}`}`,
    ...outputs.flatMap(({ label, address, bytes, value }) => [
      `${label}, ${counted(bytes.length, "byte")} at ${hex(address)}`,
      ...(value === null ? [] : valueLines(value)),
      ...[...hexDump(bytes)].map((line) => `  ${line}`),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** A structure's members or an array's elements, one a line. */
function valueLines(value: ReadValue): string[] {
  if (typeof value !== "object") return [`  ${valueText(value)}`];
  const entries = Array.isArray(value)
    ? value.map((one, index): [string, ReadValue] => [`[${index}]`, one])
    : Object.entries(value);
  return columns(entries.map(([name, one]) => [name, valueText(one)]));
}

function valueText(value: ReadValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") {
    const bits = typeof value === "bigint" ? 64 : 32;
    const digits = BigInt.asUintN(bits, BigInt(value)).toString(16);
    return `${value} (0x${digits})`;
  }
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  const members = Object.entries(value).map(([name, one]) => `${name}: ${valueText(one)}`);
  return `{ ${members.join(", ")} }`;
}
