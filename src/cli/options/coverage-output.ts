// `--coverage FILE` of commands that run code: which instructions, lines, branches and functions were executed, and how
// often. The file's name chooses the format: .info for lcov, .json for farjal's own.

import type { Command } from "commander";
import {
  type Coverage,
  coverageJson,
  coverageOf,
  lcovText,
  type Machine,
  Misuse,
} from "../../index.ts";
import { writeWhole } from "../atomic-file.ts";
import type { RunningSession } from "../session.ts";
import { type DebugInfoFinder, debugInfosOf } from "./lines.ts";
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

/** The coverage of one run. */
export class CoverageOutput {
  readonly #files: readonly string[];
  readonly #infos: DebugInfoFinder | null;

  private constructor(files: readonly string[], infos: DebugInfoFinder | null) {
    this.#files = files;
    this.#infos = infos;
  }

  /**
   * Switches counting on if the options ask for coverage.
   * @throws Misuse when a file's name implies no format, or the module has no lines for lcov.
   */
  static async begin(
    session: RunningSession,
    { coverage = [], ...options }: CoverageOptions & Parameters<typeof debugInfosOf>[1],
  ): Promise<CoverageOutput> {
    if (coverage.length === 0) return new CoverageOutput([], null);
    const formats = coverage.map(coverageFormat);
    const infos = await debugInfosOf(session, options);
    const { file, machine } = session;
    if (formats.includes("lcov") && infos.of({ file }) === null) {
      throw new Misuse(
        `${infos.why(file.name)}; --coverage FILE.json counts instructions without lines`,
      );
    }
    machine.counting = true;
    return new CoverageOutput(coverage, infos);
  }

  /** Writes the files. */
  async write(machine: Machine): Promise<void> {
    const infos = this.#infos;
    if (infos === null) return;
    await writeCoverage(
      this.#files,
      coverageOf(machine.executed, (module) => infos.of(module)),
    );
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
