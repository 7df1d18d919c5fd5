// `--coverage FILE` of commands that run code: which instructions, lines, branches and functions were executed, and how
// often. The file's name chooses the format: .info for lcov, .json for farjal's own. Here too is the sentence for
// modules that have no lines, which every command about lines gives.

import type { Command } from "commander";
import {
  type Coverage,
  coverageJson,
  coverageOf,
  type DebugInfo,
  type LoadedModule,
  lcovText,
  type Machine,
  Misuse,
  type ModuleFile,
  openDebugInfo,
} from "../../index.ts";
import { writeWhole } from "../atomic-file.ts";
import type { SourceLines } from "./lines.ts";
import { gather } from "./numbers.ts";

export interface CoverageOptions {
  readonly coverage?: readonly string[];
}

export function withCoverage(command: Command): Command {
  return command.option(
    "--coverage <FILE>",
    "write which code was executed and how often: FILE.info for lcov, by line, branch and function; FILE.json by " +
      "module and offset too (may be given again)",
    gather,
  );
}

/** Reads the debugging information of each module once. */
export function debugInfos(): (module: Pick<LoadedModule, "file">) => DebugInfo | null {
  const known = new Map<ModuleFile, DebugInfo | null>();
  return ({ file }) => {
    const found = known.get(file) ?? openDebugInfo(file.elf);
    known.set(file, found);
    return found;
  };
}

/** What to do about a module without lines. */
export function noLinesText(name: string): string {
  return `${name} has no debugging information, so its lines aren't known: build it with -g (CONFIG_DEBUG_INFO)`;
}

/** The coverage of one run. */
export class CoverageOutput {
  readonly #files: readonly string[];
  readonly #debugInfoOf: (module: Pick<LoadedModule, "file">) => DebugInfo | null;

  /**
   * Switches counting on if the options ask for coverage.
   * @param lines the debugging information that --debug-info has found; null: the modules' own.
   * @throws Misuse when a file's name implies no format, or the module has no lines for lcov.
   */
  constructor(
    { coverage = [] }: CoverageOptions,
    machine: Machine,
    file: ModuleFile,
    lines: SourceLines | null,
  ) {
    const own = debugInfos();
    this.#debugInfoOf = (module) => lines?.infoOf(module.file) ?? own(module);
    for (const path of coverage) {
      if (coverageFormat(path) !== "lcov" || this.#debugInfoOf({ file }) !== null) continue;
      throw new Misuse(
        `${path}: ${noLinesText(file.name)}; --coverage FILE.json counts instructions without it`,
      );
    }
    this.#files = coverage;
    if (coverage.length > 0) machine.counting = true;
  }

  /** Writes the files. */
  async write(machine: Machine): Promise<void> {
    if (this.#files.length === 0) return;
    await writeCoverage(this.#files, coverageOf(machine.executed, this.#debugInfoOf));
  }
}

/** @throws Misuse for a name that is neither. */
export function coverageFormat(path: string): "lcov" | "json" {
  if (path.endsWith(".info")) return "lcov";
  if (path.endsWith(".json")) return "json";
  throw new Misuse(`${path}: the name of a coverage file ends in .info (lcov) or .json`);
}

export async function writeCoverage(paths: readonly string[], coverage: Coverage): Promise<void> {
  for (const path of paths) {
    const lcov = coverageFormat(path) === "lcov";
    await writeWhole(
      path,
      lcov ? [...lcovText(coverage.sources)].join("") : coverageJson(coverage),
    );
  }
}
