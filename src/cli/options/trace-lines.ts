// The lines of a recorded trace's functions. A trace has their names alone, so the files of its modules and of its kernel
// are named by the user; only those are opened whose functions are in the trace.

import { statSync } from "node:fs";
import type { Command } from "commander";
import {
  DebugFiles,
  type DebugInfo,
  type FunctionLine,
  type FunctionLineOf,
  Misuse,
  moduleName,
  openModule,
  type Trace,
} from "../../index.ts";
import { modulesIn } from "../../sweep/dependencies.ts";
import { functionLine, functionLines, type LinesOptions } from "./lines.ts";
import { gather } from "./numbers.ts";

export interface TraceLinesOptions extends LinesOptions {
  readonly modules?: readonly string[];
}

/** Adds the options of a command that reads a recorded trace. */
export function withTraceLines(command: Command): Command {
  return command
    .option(
      "--lines",
      "give the functions' lines of the source, in the formats chrome, speedscope, folded and html, and in --json",
    )
    .option(
      "--modules <FILE|DIR>",
      "the same, from the debugging information of the modules here (may be given again)",
      gather,
    )
    .option(
      "--debug-info <FILE|DIR>",
      "the same, for modules without any, and for the kernel's functions: a -dbg package's directory, or a file",
    );
}

/** The lines of a trace, and the modules without lines in sentences. */
export interface TraceLines {
  readonly lineOf: FunctionLineOf;
  readonly notes: readonly string[];
}

/**
 * Opens the debugging information of the modules and the kernel that a trace has functions of.
 * @returns null if the options don't ask for lines.
 * @throws Misuse for debugging information that is damaged or of another build.
 */
export async function traceLines(
  trace: Trace,
  { lines, modules = [], debugInfo }: TraceLinesOptions,
): Promise<TraceLines | null> {
  if (modules.length === 0 && debugInfo === undefined) {
    if (lines !== true) return null;
    throw new Misuse(
      "--lines needs the files of the trace's modules: name them with --modules FILE|DIR, or --debug-info FILE|DIR",
    );
  }
  const paths = new Map((await Promise.all(modules.map(modulePaths))).flat());
  const finder = new DebugFiles(debugInfo);
  const notes: string[] = [];
  const functions = new Map<string | null, (name: string) => FunctionLine | null>();
  for (const module of modulesOf(trace)) {
    const info =
      module === null
        ? await finder.ofKernel(trace.release)
        : await moduleInfo(module, paths.get(moduleName(module)), finder);
    // Kernel functions without lines are no surprise: --modules alone can't give them.
    if (info === null && module !== null) {
      notes.push(`no debugging information of ${module} was found, so its lines aren't known`);
    }
    if (info === null) continue;
    functions.set(module, module === null ? byAddress(info) : byName(info));
  }
  return { lineOf: (name, module) => functions.get(module)?.(name) ?? null, notes };
}

/** A file is the module that it says it is; those of a directory are known by their files' names. */
async function modulePaths(path: string): Promise<[name: string, path: string][]> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Misuse(`${path} can't be read: no such file or directory`);
  return found.isDirectory()
    ? [...modulesIn(path, true)]
    : [[moduleName((await openModule(path)).name), path]];
}

function modulesOf({ records }: Trace): Set<string | null> {
  const modules = new Set<string | null>();
  for (const record of records) if (record.type !== "other") modules.add(record.module);
  return modules;
}

async function moduleInfo(
  name: string,
  path: string | undefined,
  finder: DebugFiles,
): Promise<DebugInfo | null> {
  if (path === undefined) return finder.named(name);
  return finder.of(name, (await openModule(path)).elf);
}

function byName(info: DebugInfo): (name: string) => FunctionLine | null {
  const lines = functionLines(info);
  return (name) => lines.get(name) ?? null;
}

/** A kernel has too many functions to list them all: each is looked up where its symbol is. */
function byAddress(info: DebugInfo): (name: string) => FunctionLine | null {
  const symbols = new Map(info.elf.symbols.map((symbol) => [symbol.name, symbol]));
  const known = new Map<string, FunctionLine | null>();
  return (name) => {
    let line = known.get(name);
    if (line === undefined) {
      const symbol = symbols.get(name);
      const found = symbol === undefined ? null : info.functionAtAddress(symbol.address);
      line = found === null ? null : functionLine(found);
      known.set(name, line);
    }
    return line;
  };
}
