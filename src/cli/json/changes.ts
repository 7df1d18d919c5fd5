// A mended place in JSON: as it is, with its words as text, as all words of farjal's documents are.

import { hex } from "../../hex.ts";
import type { Change } from "../../index.ts";

/** A change with its words as text. */
export function changeJson({ before, after, ...change }: Change) {
  return { ...change, before: before.map(hex), after: after.map(hex) };
}
