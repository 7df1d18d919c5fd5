// Prints the jumps of a file, each with its word and its target, then the number of those that don't reach; and the
// results of calls whose jumps were sent to other targets.

import type { Address } from "../address.ts";
import { digits, hex } from "../hex.ts";
import { counted, grouped } from "../html/numbers.ts";
import type { Astray } from "../lab/astray.ts";
import type { ListedJump } from "../mend/jump-list.ts";
import type { Paint } from "./paint.ts";

/** A line for each jump, then the count. @param name the file's name. */
export function* jumpsText(
  name: string,
  jumps: readonly ListedJump[],
  paint: Paint,
): Generator<string> {
  for (const { section, offset, word, symbol, target, reaches } of jumps) {
    const place = `${section}+0x${offset.toString(16)}`;
    const goes = [symbol, target === null ? "in the kernel" : hex(target)]
      .filter(Boolean)
      .join(" ");
    const verdict = reaches ? "" : `  ${paint.red("out of reach")}`;
    yield `  ${place.padEnd(20)}  ${digits(word)}  ${word >>> 26 === 3 ? "jal" : "j  "}  ${goes}${verdict}\n`;
  }
  const far = jumps.filter(({ reaches }) => !reaches).length;
  const verdict =
    far === 0
      ? paint.green("all reach")
      : paint.red(`${counted(far, "does not reach", "don't reach")}`);
  yield `${paint.bold(name)} has ${counted(jumps.length, "direct jump")}${jumps.length === 0 ? "" : `: ${verdict}`}\n`;
}

/** A line for each module of a tree that has such jumps, then the sums. */
export function* treeText(
  path: string,
  lists: readonly { readonly file: string; readonly list: readonly ListedJump[] }[],
  paint: Paint,
): Generator<string> {
  const far = (list: readonly ListedJump[]): number =>
    list.filter(({ reaches }) => !reaches).length;
  const some = lists.filter(({ list }) => list.length > 0);
  for (const { file, list } of some) {
    const lost = far(list);
    const verdict = lost === 0 ? "" : `, ${paint.red(`${grouped(lost)} out of reach`)}`;
    yield `  ${file}: ${grouped(list.length)}${verdict}\n`;
  }
  const all = some.flatMap(({ list }) => list);
  yield `${paint.bold(path)}: ${counted(all.length, "direct jump")} in ${some.length} of ${counted(lists.length, "module")}, ${grouped(far(all))} out of reach\n`;
}

/** A line for each trial of a module. */
export function* astrayText(
  name: string,
  call: string,
  { v0, jumps, executions, trials }: Astray,
  paint: Paint,
): Generator<string> {
  yield `${paint.bold(name)}: ${call} = ${hex(v0)}, by ${counted(executions, "execution")} of ${counted(jumps, "direct jump")}\n`;
  for (const { site, target, wentTo, outcome, stop, v0: result } of trials) {
    const end =
      outcome === "stopped"
        ? stop
        : outcome === "same"
          ? "the right result"
          : `${hex(result as Address)}, a wrong result`;
    yield `  ${hex(site)} to ${hex(wentTo)} instead of ${hex(target)}: ${end}\n`;
  }
  if (trials.length === 0) yield "  nothing can go astray\n";
}
