// Compares the text of a live kernel's trace with what farjal prints. While a module is loaded its functions are traced,
// so the trace has its init function and what that calls in modules. Which of them it calls depends on the kernel and its
// devices, which farjal doesn't run; the text doesn't: farjal's reader and writer give it back byte for byte, with the
// columns of the rules that farjal chose for this kernel. Each function is one that farjal finds traceable, by the same
// name.

import { type Address, lowWord } from "../address.ts";
import { latin1Bytes } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import { traceText } from "../formats/export.ts";
import { traceFromBytes } from "../formats/read.ts";
import { symbolIn } from "../ftrace/symbol-table.ts";
import { moduleSymbols } from "../lab/names.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { GuestModule } from "./records.ts";
import type { Reloaded } from "./reload.ts";

/** The function of init/main.c that calls a module's init function. */
const CALLER = "do_one_initcall";
/** A header whose two numbers differ: the ring has lost events. */
const COUNTS = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+) /m;

export class TraceCheck {
  /** The functions of the modules so far, which may be called by the next one. */
  readonly #names = new Set<string>();

  /** @returns sentences about what differs, for modules in the order of loading. */
  problems<A extends Address>(
    { module, traceable }: Reloaded<A>,
    { trace, errno }: Pick<GuestModule<A>, "trace" | "errno">,
  ): string[] {
    for (const { name } of traceable) this.#names.add(name);
    if (trace === null) return [];
    const printed = reprinted(trace, module);
    if (printed !== trace) return [firstDifference(trace, printed)];
    const calls = [...trace.matchAll(/: (\S+) <-(\S+)$/gm)];
    // A module that is no longer loaded has no names: its functions are printed as addresses.
    const unknown = calls.find(([, name = ""]) => !this.#names.has(name) && errno === 0);
    if (unknown !== undefined) {
      return [`Linux's trace has the function ${unknown[1]}, which farjal doesn't find traceable`];
    }
    const init = errno === 0 && isWhole(trace) ? tracedInit(module, traceable) : undefined;
    const isCalled = calls.some(([, name, caller]) => name === init && caller === CALLER);
    return init === undefined || isCalled
      ? []
      : [`farjal traces the init function ${init}, Linux's trace doesn't have it`];
  }
}

/** The name of the module's init function, if it can be traced. */
function tracedInit<A extends Address>(
  module: LoadedModule<A>,
  traceable: Reloaded<A>["traceable"],
): string | undefined {
  if (module.initFunction === null) return undefined;
  const { name } = symbolIn(moduleSymbols(module), lowWord(module.initFunction)) ?? {};
  return traceable.some((one) => one.name === name) ? name : undefined;
}

/** What farjal prints of a trace that it has read, by the rules of the module's kernel. */
function reprinted<A extends Address>(text: string, { profile }: LoadedModule<A>): string {
  try {
    const trace = traceFromBytes(latin1Bytes(text), "trace");
    return [...traceText({ ...trace, rules: profile.rules }, "ftrace")].join("");
  } catch (error) {
    if (error instanceof Misuse) return error.message;
    throw error;
  }
}

function firstDifference(theirs: string, ours: string): string {
  const [live, own] = [theirs.split("\n"), ours.split("\n")];
  const line = live.findIndex((text, index) => text !== own[index]);
  return `line ${line + 1} of Linux's trace is "${live[line] ?? ""}", farjal prints "${own[line] ?? ""}"`;
}

function isWhole(text: string): boolean {
  const [, entries, written] = COUNTS.exec(text) ?? [];
  return entries === written;
}
