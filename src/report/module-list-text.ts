// Prints a machine's modules as lsmod does: the newest first, each with its reference count and the names of the
// modules that use it.

import type { ModuleStatus } from "../lab/resident.ts";

/** The lines, each with its newline. */
export function* moduleListText(modules: readonly ModuleStatus[]): Generator<string> {
  yield "Module                  Size  Used by\n";
  for (const { name, size, references, users } of modules) {
    const held = [`${references}`, ...(users.length === 0 ? [] : [users.join(",")])].join(" ");
    yield `${name.padEnd(19)} ${String(size).padStart(8)}  ${held}\n`;
  }
}
