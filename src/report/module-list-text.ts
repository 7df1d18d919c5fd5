// The modules of a machine as lsmod prints them: the newest first, each with how many hold it and, by name,
// the modules among those.

import type { ModuleStatus } from "../lab/resident.ts";

/** Lines, each with its newline. */
export function* moduleListText(modules: readonly ModuleStatus[]): Generator<string> {
  yield "Module                  Size  Used by\n";
  for (const { name, size, references, users } of modules) {
    const held = [`${references}`, ...(users.length === 0 ? [] : [users.join(",")])].join(" ");
    yield `${name.padEnd(19)} ${String(size).padStart(8)}  ${held}\n`;
  }
}
