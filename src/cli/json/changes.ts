// A mended place in JSON, with its words as text like all words in farjal's documents.

import { hex } from "../../hex.ts";
import type { Change } from "../../index.ts";

/** A change with its words as text. */
export function changeJson({ before, after, ...change }: Change) {
  return { ...change, before: before.map(hex), after: after.map(hex) };
}
