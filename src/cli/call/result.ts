// A call's result by its type: the register or registers as the value that the C function returned.

import { hex } from "../../hex.ts";
import type { CallResult, Machine } from "../../index.ts";

export const RESULT_TYPES = ["u32", "s32", "u64", "s64", "bool", "ptr", "string", "void"] as const;
export type ResultType = (typeof RESULT_TYPES)[number];

/** A result as text for people and as a value for JSON. */
export interface ShownResult {
  /** Null for a function that returns nothing. */
  readonly text: string | null;
  readonly json: number | string | boolean | null;
}

/** The most characters of a string that are shown. */
const LONGEST = 4096;
/** errno's range, as IS_ERR_VALUE() has it. */
const MAX_ERRNO = 4095;

/** @param type default: a word, unsigned and, where that differs, signed. */
export function shownResult(
  { v0, v1 }: CallResult,
  type: ResultType | undefined,
  machine: Machine,
): ShownResult {
  const wide = (): bigint => {
    const [high, low] = machine.endian === "little" ? [v1, v0] : [v0, v1];
    return (BigInt(high) << 32n) | BigInt(low);
  };
  switch (type) {
    case undefined:
      return { text: `${hex(v0)} (${v0}${(v0 | 0) < 0 ? `, ${v0 | 0}` : ""})`, json: v0 };
    case "u32":
      return { text: `${v0} (${hex(v0)})`, json: v0 };
    case "s32":
      return { text: `${v0 | 0} (${hex(v0)})`, json: v0 | 0 };
    case "u64":
      return { text: `${wide()} (${hex(wide())})`, json: hex(wide()) };
    case "s64":
      return { text: `${BigInt.asIntN(64, wide())} (${hex(wide())})`, json: hex(wide()) };
    case "bool":
      return { text: `${(v0 & 0xff) !== 0} (${hex(v0)})`, json: (v0 & 0xff) !== 0 };
    case "ptr":
      return { text: pointerText(v0, machine), json: hex(v0) };
    case "string":
      return stringResult(v0, machine);
    case "void":
      return { text: null, json: null };
  }
}

function pointerText(value: number, machine: Machine): string {
  if (value === 0) return "NULL (0x00000000)";
  if (value > 2 ** 32 - 1 - MAX_ERRNO) return `${hex(value)} (an error pointer, ${value | 0})`;
  return machine.describe(value);
}

function stringResult(address: number, machine: Machine): ShownResult {
  if (!machine.memory.mapped(address, 1)) {
    const what = address === 0 ? "NULL (0x00000000)" : `${hex(address)}, where nothing is mapped`;
    return { text: what, json: null };
  }
  const text = machine.memory.string(address, LONGEST);
  return { text: `${JSON.stringify(text)} at ${hex(address)}`, json: text };
}
