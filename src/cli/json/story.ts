// The JSON form of `explain`'s story: the verdict's keys beside the others, addresses and words as strings.

import { hex } from "../../hex.ts";
import type { Story } from "../../index.ts";
import type { Answer } from "../answer.ts";

/** Keys whose numbers are addresses or words. */
const HEXADECIMAL: ReadonlySet<string> = new Set([
  "address",
  "after",
  "base",
  "before",
  "crc",
  "end",
  "region",
  "sites",
  "siteRegion",
  "start",
  "target",
  "targetRegion",
  "trampoline",
  "value",
  "word",
  "words",
]);

/** The story with the verdict's keys at the top level, as in every command, and addresses as strings. */
export function storyJson({ name, verdict, ...rest }: Story): Answer["json"] {
  return withHex({ name, ...verdict, ...rest }, false) as Answer["json"];
}

function withHex(value: unknown, hexadecimal: boolean): unknown {
  if (typeof value === "bigint") return hex(value);
  if (typeof value === "number") return hexadecimal ? hex(value) : value;
  if (Array.isArray(value)) return value.map((one) => withHex(one, hexadecimal));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, withHex(one, HEXADECIMAL.has(key))]),
  );
}
