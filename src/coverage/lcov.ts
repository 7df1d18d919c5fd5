// Coverage in lcov's format, which genhtml and most coverage services read: the .info file that geninfo(1) describes.
// A record is a source file; FN and FNDA are functions, BRDA one way of a branch, DA a line.

import { printable } from "../bytes/printable.ts";
import { linesOf } from "../bytes/text-lines.ts";
import { Misuse } from "../errors.ts";
import { COVERAGE_LINES } from "../limits.ts";
import {
  type BranchCoverage,
  type LineCoverage,
  mergeSources,
  type SourceCoverage,
  type SourceFunctionCoverage,
} from "./coverage.ts";

/** The text of an .info file. */
export function* lcovText(sources: readonly SourceCoverage[]): Generator<string> {
  for (const { path, lines, functions, branches } of sources) {
    yield `TN:\nSF:${path}\n`;
    for (const { line, name } of functions) yield `FN:${line},${name}\n`;
    for (const { name, executed } of functions) yield `FNDA:${executed},${name}\n`;
    yield `FNF:${functions.length}\nFNH:${hits(functions)}\n`;
    for (const { line, block, branch, executed } of branches) {
      yield `BRDA:${line},${block},${branch},${executed ?? "-"}\n`;
    }
    yield `BRF:${branches.length}\nBRH:${hits(branches)}\n`;
    for (const { line, executed } of lines) yield `DA:${line},${executed}\n`;
    yield `LF:${lines.length}\nLH:${hits(lines)}\nend_of_record\n`;
  }
}

function hits(counted: readonly { readonly executed: number | null }[]): number {
  return counted.filter(({ executed }) => (executed ?? 0) > 0).length;
}

/** Records that are sums of others, or say nothing about what ran. */
const IGNORED = ["TN", "FNF", "FNH", "BRF", "BRH", "LF", "LH", "VER"];

/** A source file that is being read. */
interface Reading {
  readonly path: string;
  readonly lines: LineCoverage[];
  readonly starts: Map<string, number>;
  readonly functions: SourceFunctionCoverage[];
  readonly branches: BranchCoverage[];
}

/**
 * Reads an .info file.
 * @param path for errors.
 * @throws Misuse with the line that isn't lcov's.
 */
export function readLcov(text: string, path: string): SourceCoverage[] {
  const sources: SourceCoverage[] = [];
  let file: Reading | undefined;
  let index = -1;
  for (const line of linesOf(text)) {
    index += 1;
    if (index === COVERAGE_LINES) {
      throw new Misuse(`${path} has more than ${COVERAGE_LINES} lines`);
    }
    const fail = (why: string): never => {
      throw new Misuse(`${path} is no lcov file: line ${index + 1} ${why}`);
    };
    const record = line.trimEnd();
    if (record === "" || record.startsWith("#")) continue;
    if (record === "end_of_record") {
      if (file === undefined) return fail("ends a record that didn't begin");
      sources.push(finished(file));
      file = undefined;
      continue;
    }
    const colon = record.indexOf(":");
    const [kind, value] = [record.slice(0, Math.max(colon, 0)), record.slice(colon + 1)];
    if (IGNORED.includes(kind)) continue;
    if (kind === "SF") {
      file = { path: printable(value), lines: [], starts: new Map(), functions: [], branches: [] };
    } else if (file === undefined || !takeRecord(file, kind, value)) {
      return fail(`has '${printable(record.slice(0, 60))}'`);
    }
  }
  if (file !== undefined) throw new Misuse(`${path} is cut off: its last record has no end`);
  return mergeSources(sources);
}

function takeRecord(file: Reading, kind: string, value: string): boolean {
  const fields = value.split(",");
  const number = (index: number): number => {
    const text = fields[index] ?? "";
    return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  };
  switch (kind) {
    case "DA":
      file.lines.push({ line: number(0), executed: number(1) });
      return !Number.isNaN(number(0) + number(1));
    case "FN":
      // lcov 2 may put the function's last line between the two.
      file.starts.set(printable(fields.at(-1) ?? ""), number(0));
      return !Number.isNaN(number(0)) && fields.length >= 2;
    case "FNDA": {
      const name = printable(fields.slice(1).join(","));
      file.functions.push({ name, line: file.starts.get(name) ?? 0, executed: number(0) });
      return !Number.isNaN(number(0)) && name !== "";
    }
    case "BRDA": {
      const executed = fields[3] === "-" ? null : number(3);
      file.branches.push({ line: number(0), block: number(1), branch: number(2), executed });
      return !Number.isNaN(number(0) + number(1) + number(2) + (executed ?? 0));
    }
    default:
      return false;
  }
}

function finished({ path, lines, functions, branches }: Reading): SourceCoverage {
  return { path, lines, functions, branches };
}
