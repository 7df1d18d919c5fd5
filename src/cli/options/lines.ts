// The options for lines of the source, --lines and --debug-info, and where they are looked up: for an address of a loaded
// module, for a place in a module's file, and for a function by its name, as recorded traces have it.

import type { Command } from "commander";
import type { Address } from "../../address.ts";
import {
  DebugFiles,
  type DebugInfo,
  type FoundDebugInfo,
  type FunctionLine,
  type FunctionLineOf,
  type LoadedModule,
  Misuse,
  type ModuleFile,
  type SourceFrame,
  type SourceFunction,
  sourcePath,
} from "../../index.ts";
import type { SourceOf } from "../../report/frames-text.ts";
import type { SourceAt } from "../../report/stop-text.ts";
import type { ModuleOptions } from "./module-options.ts";

export interface LinesOptions {
  readonly lines?: boolean;
  readonly debugInfo?: string;
}

/** Adds the options of commands that print addresses. */
export function withLines(command: Command): Command {
  return command
    .option("--lines", "give the lines of the source, from the modules' debugging information")
    .option(
      "--debug-info <FILE|DIR>",
      "the same from a file of the same build: found by build-id, or by the modules' names and code",
    );
}

const NOTHING: readonly SourceFrame[] = [];

export class SourceLines {
  readonly #infos: ReadonlyMap<ModuleFile, FoundDebugInfo>;
  /** Function names → lines, by module; made by the first question. */
  readonly #functions = new Map<string, ReadonlyMap<string, FunctionLine>>();
  /** Modules without lines, in sentences. */
  readonly notes: readonly string[];

  private constructor(infos: ReadonlyMap<ModuleFile, FoundDebugInfo>, notes: readonly string[]) {
    this.#infos = infos;
    this.notes = notes;
  }

  /**
   * Opens the debugging information of modules.
   * @returns null if the options don't ask for lines.
   * @throws Misuse for debugging information that is damaged or of another build.
   */
  static async open(
    files: Iterable<ModuleFile>,
    options: LinesOptions & Pick<ModuleOptions, "farJumps">,
  ): Promise<SourceLines | null> {
    const { lines, debugInfo, farJumps } = options;
    if (lines !== true && debugInfo === undefined) return null;
    if (farJumps === "rewrite") {
      throw new Misuse(
        "--far-jumps rewrite moves code, so its lines aren't known: leave out --lines",
      );
    }
    const finder = new DebugFiles(debugInfo);
    const infos = new Map<ModuleFile, FoundDebugInfo>();
    const notes: string[] = [];
    for (const file of files) {
      const found = await finder.find(file.name, file.elf);
      if (found !== null) {
        infos.set(file, found);
        for (const one of found.info.elsewhere) notes.push(`${file.name}: ${one}`);
      } else {
        notes.push(`${file.name} has no debugging information, so its lines aren't known`);
      }
    }
    return new SourceLines(infos, notes);
  }

  /** A module's debugging information; null: none was found. */
  infoOf(file: ModuleFile): DebugInfo | null {
    return this.#infos.get(file)?.info ?? null;
  }

  /** The file that has a module's debugging information; null: the module's own, or none. */
  pathOf(file: ModuleFile): string | null {
    return this.#infos.get(file)?.path ?? null;
  }

  /** The frames of places in a module's file. */
  of(file: ModuleFile): SourceOf {
    const info = this.infoOf(file);
    return (sectionName, offset) => {
      const section = file.elf.sections.find(({ name }) => name === sectionName);
      return section === undefined || info === null ? NOTHING : info.framesAt(section, offset);
    };
  }

  /** The frames of a machine's addresses; empty outside its modules. */
  in(machine: { readonly modules: readonly LoadedModule<Address>[] }): SourceAt {
    return (address) => {
      for (const { file, sections } of machine.modules) {
        for (const { index, address: start, size } of sections) {
          const offset = address - Number(start);
          if (offset < 0 || offset >= size) continue;
          return this.infoOf(file)?.framesAt({ index }, offset) ?? NOTHING;
        }
      }
      return NOTHING;
    };
  }

  /** Where functions are defined, for traces, which have names only. */
  readonly lineOf: FunctionLineOf = (name, module) => {
    if (module === null) return null;
    let known = this.#functions.get(module);
    if (known === undefined) {
      const [, found] = [...this.#infos].find(([file]) => file.name === module) ?? [];
      known = found === undefined ? new Map() : functionLines(found.info);
      this.#functions.set(module, known);
    }
    return known.get(name) ?? null;
  };
}

/** Where the functions of a module are defined, by their names. */
export function functionLines(info: DebugInfo): Map<string, FunctionLine> {
  const lines = new Map<string, FunctionLine>();
  for (const one of info.functions()) {
    const line = functionLine(one);
    if (one.function === null || line === null) continue;
    if (!lines.has(one.function)) lines.set(one.function, line);
  }
  return lines;
}

/** Where a function is defined; null if that is unknown. */
export function functionLine(one: SourceFunction): FunctionLine | null {
  const file = sourcePath(one);
  return file === null || one.line === null ? null : { file, line: one.line };
}

/** Finds the debugging information of a module; null: there is none, and `why` says what to do about it. */
export interface DebugInfoFinder {
  of(module: Pick<LoadedModule, "file">): DebugInfo | null;
  why(name: string): string;
}

/**
 * The debugging information that counts are shown by: --debug-info's, or else the modules' own.
 * @throws Misuse for debugging information that is damaged or of another build.
 */
export async function debugInfosOf(
  session: Parameters<typeof filesOf>[0],
  { debugInfo, farJumps }: Pick<LinesOptions, "debugInfo"> & Pick<ModuleOptions, "farJumps">,
): Promise<DebugInfoFinder> {
  if (farJumps === "rewrite") {
    const why = (name: string): string =>
      `--far-jumps rewrite moves the code of ${name}, so its lines aren't known`;
    return { of: () => null, why };
  }
  const options = { lines: true, farJumps, ...(debugInfo === undefined ? {} : { debugInfo }) };
  const lines = await SourceLines.open(filesOf(session), options);
  return { of: ({ file }) => lines?.infoOf(file) ?? null, why: noLinesText };
}

/** What to do about a module without lines. */
export function noLinesText(name: string): string {
  return (
    `${name} has no debugging information, so its lines aren't known: build it with -g (CONFIG_DEBUG_INFO), ` +
    "or name a file of the same build with --debug-info"
  );
}

/** A session's module, and those that are loaded. */
export function filesOf({
  file,
  machine,
}: {
  readonly file: ModuleFile;
  readonly machine: { readonly modules: readonly { readonly file: ModuleFile }[] };
}): Set<ModuleFile> {
  return new Set([file, ...machine.modules.map((module) => module.file)]);
}

/** The modules without lines, for an answer. */
export function notesOf(lines: SourceLines | null): { readonly notes?: string } {
  if (lines === null || lines.notes.length === 0) return {};
  return { notes: lines.notes.map((note) => `note: ${note}\n`).join("") };
}
