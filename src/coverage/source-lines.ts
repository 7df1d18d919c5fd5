// The source lines of a module's executed code. A line's count is that of its most executed instruction; the copies
// that inlining made of a line add up. A function's count is that of its first instruction. Each conditional branch
// instruction is a branch of its line.

import { type DebugInfo, type SourceLine, sourcePath } from "../dwarf/debug-info.ts";
import type { Section } from "../elf/object.ts";
import { isConditional } from "../isa/conditional.ts";
import type { CountedCode, CountedSection } from "../lab/code-counts.ts";
import type { BranchCoverage, SourceCoverage, SourceFunctionCoverage } from "./coverage.ts";

/** What is known of one file's code. */
class SourceFile {
  /** Line → the count of each copy of it. */
  readonly lines = new Map<number, Map<string, number>>();
  readonly functions: SourceFunctionCoverage[] = [];
  readonly branches: BranchCoverage[] = [];
  readonly #blocks = new Map<number, number>();

  line(line: number, copy: string, executed: number): void {
    const copies = this.lines.get(line) ?? new Map<string, number>();
    copies.set(copy, Math.max(copies.get(copy) ?? 0, executed));
    this.lines.set(line, copies);
  }

  branch(line: number, executed: number, taken: number): void {
    const block = this.#blocks.get(line) ?? 0;
    this.#blocks.set(line, block + 1);
    for (const [branch, times] of [taken, executed - taken].entries()) {
      this.branches.push({ line, block, branch, executed: executed === 0 ? null : times });
    }
  }

  coverage(path: string): SourceCoverage {
    const lines = [...this.lines]
      .sort(([a], [b]) => a - b)
      .map(([line, copies]) => ({
        line,
        executed: [...copies.values()].reduce((sum, one) => sum + one, 0),
      }));
    return { path, lines, functions: this.functions, branches: this.branches };
  }
}

/** The coverage of every source file that a module has code of. */
export function sourceLines(code: CountedCode, debug: DebugInfo): SourceCoverage[] {
  const files = new Map<string, SourceFile>();
  const fileAt = (place: Parameters<typeof sourcePath>[0]): SourceFile | undefined => {
    const path = sourcePath(place);
    if (path === null) return undefined;
    const file = files.get(path) ?? new SourceFile();
    files.set(path, file);
    return file;
  };
  const counts = countsByName(code);
  for (const span of debug.lines()) {
    const section = counts(span.section);
    const file = span.line === null ? undefined : fileAt(span);
    if (file !== undefined && section !== undefined) countSpan(file, span, section, debug);
  }
  for (const { function: name, line, parts, ...place } of debug.functions()) {
    const [entry] = parts;
    const section = entry && counts(entry.section);
    if (entry === undefined || section === undefined || name === null || line === null) continue;
    const executed = section.executed[entry.offset / 4] ?? 0;
    fileAt(place)?.functions.push({ name, line, executed });
  }
  return [...files].map(([path, file]) => file.coverage(path));
}

function countSpan(
  file: SourceFile,
  { section, offset, size, line }: SourceLine,
  { executed, taken, words }: CountedSection,
  debug: DebugInfo,
): void {
  if (line === null || size === 0) return;
  const [first, end] = [Math.ceil(offset / 4), Math.ceil((offset + size) / 4)];
  let most = 0;
  for (let index = first; index < end; index++) {
    const times = executed[index] ?? 0;
    most = Math.max(most, times);
    if (isConditional(words[index] ?? 0)) file.branch(line, times, taken[index] ?? 0);
  }
  file.line(line, most === 0 ? "" : copyAt(debug, section, offset), most);
}

/** Names the copy of inlined code that a place is in: the function, and the calls that it was inlined through. */
function copyAt(debug: DebugInfo, section: Section, offset: number): string {
  const frames = debug.framesAt(section, offset);
  const calls = frames.slice(1).map(({ line, column }) => `${line}:${column}`);
  return [frames.at(-1)?.function ?? "", ...calls].join(" ");
}

/** The counts of a section of the file that has the debugging information: it may be another file than the module's. */
function countsByName({ sections }: CountedCode): (of: Section) => CountedSection | undefined {
  const byName = new Map(sections.map((one) => [one.section.name, one]));
  return ({ name }) => byName.get(name);
}
