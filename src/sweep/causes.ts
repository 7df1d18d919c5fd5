// Groups the modules of a sweep that Linux refuses by the cause: the kernel's own words without the name of the module,
// so that one wrong release or one missing option is one line however many modules it concerns.

import type { ModuleResult } from "./result.ts";

export interface Cause {
  /** The kernel's line, or the explanation where the kernel says nothing, without the module's name. */
  readonly cause: string;
  readonly results: readonly ModuleResult[];
}

/** The causes, the most frequent first; results that Linux loads are left out. */
export function causesOf(results: readonly ModuleResult[]): Cause[] {
  const groups = new Map<string, ModuleResult[]>();
  for (const result of results) {
    if (result.linux === "loads") continue;
    const cause = causeOf(result);
    const group = groups.get(cause);
    if (group === undefined) groups.set(cause, [result]);
    else group.push(result);
  }
  return [...groups]
    .map(([cause, some]) => ({ cause, results: some }))
    .sort((a, b) => b.results.length - a.results.length);
}

/** A line about the module: `NAME: …`, or with the name elsewhere. */
const PREFIX = /^(module )?[\w-]+: /;
/** Lines that are about the kernel's state, and not the cause. */
const ASIDE = /taint|loading out-of-tree|module verification failed/;

function causeOf({ dmesg, explanation, errno }: ModuleResult): string {
  const line = dmesg.findLast((one) => !ASIDE.test(one));
  const [first = ""] = (explanation ?? "").split("\n");
  const text = line === undefined ? first.replace(/'[^']*'/g, "…") : line.replace(PREFIX, "");
  return errno === null ? text : `${text} (${errno})`;
}
