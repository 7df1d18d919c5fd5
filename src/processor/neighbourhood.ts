// The code around pc, for a stop that has to be explained: words as they stand in the guest's memory now,
// with the symbols they belong to. What they mean as instructions is for whoever prints them.

import { RAM } from "../../assembly/shared/memory-map.ts";
import type { CodeWord } from "./guest-stop.ts";
import type { Core } from "./processor.ts";

/** Words before pc and after it. */
const REACH = 5;
const WORD = 4;

/** Five words before pc, the word at pc, five after. A pc that is not aligned counts as its word. */
export function codeAround(
  core: Core,
  pc: number,
  nameOf: (address: number) => string | null,
): CodeWord[] {
  const middle = pc - (pc % WORD);
  return Array.from({ length: 2 * REACH + 1 }, (_, index) => {
    const address = (middle + WORD * (index - REACH)) >>> 0;
    const physical = core.translate(address, false);
    const word = physical === undefined ? null : (core.words[(RAM + physical) / WORD] ?? null);
    return { address, word, symbol: nameOf(address) };
  });
}
