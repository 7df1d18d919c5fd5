// The report of --trace-imports, for `run` and `trace`.

import { type GuestCall, type LoadedModule, type Machine, Misuse } from "../../index.ts";
import type { Answer } from "../answer.ts";
import { ImportCalls, importCallText } from "./import-calls.ts";

interface ImportOptions {
  readonly traceImports?: boolean;
  readonly gdb?: number;
}

/** What follows the call's imports, if that was asked for. */
export function importCallsFor(
  machine: Machine,
  module: LoadedModule,
  call: GuestCall,
  { traceImports, gdb }: ImportOptions,
): ImportCalls | null {
  if (traceImports !== true) return null;
  if (gdb !== undefined) throw new Misuse("--trace-imports and --gdb both need the breakpoints");
  return new ImportCalls(machine, module, call);
}

export function importsText(imports: ImportCalls | null): string {
  if (imports === null) return "";
  const { calls, total } = imports;
  const left = total - calls.length;
  const rest = left > 0 ? [`… and ${left} more calls of imports\n`] : [];
  return total === 0 ? "no import was called\n" : [...calls.map(importCallText), ...rest].join("");
}

export function importsJson(imports: ImportCalls | null): Answer["json"] {
  if (imports === null) return {};
  return { importCalls: imports.calls.map((one) => ({ ...one })), importCallsTotal: imports.total };
}
