// The JSON form of explain: the verdict's keys beside the others, addresses and words as strings.

import { hex } from "../../hex.ts";
import type { Explanation } from "../../index.ts";
import type { SourceOf } from "../../report/frames-text.ts";
import type { LinuxVerdict } from "../../report/verdict-text.ts";
import type { Answer } from "../answer.ts";
import { framesJson } from "./frames.ts";

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

/**
 * The explanation with the verdict's keys at the top level, as in every command, and addresses as strings.
 * @param linux Linux's verdict on the unchanged file.
 * @param sourceOf the lines of places in the module's file, if they are wanted.
 */
export function explanationJson(
  explanation: Explanation,
  linux: LinuxVerdict,
  sourceOf?: SourceOf,
): Answer["json"] {
  const { name, verdict, ...rest } =
    sourceOf === undefined ? explanation : withSource(explanation, sourceOf);
  return withHex({ name, linux, ...verdict, ...rest }, false) as Answer["json"];
}

/** The explanation with the lines of far jumps and call sites. */
function withSource(explanation: Explanation, sourceOf: SourceOf) {
  const source = <T extends { readonly section: string; readonly offset: number }>(one: T) => ({
    ...one,
    source: framesJson(sourceOf(one.section, one.offset)),
  });
  return {
    ...explanation,
    farJumps: explanation.farJumps.map(source),
    callSites: explanation.callSites.map(source),
  };
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
