// A profile as a value: the exact number of instructions that each function, line and instruction executed. The sum of
// all functions is the processor's own count. The folder's other files write it for other programs; report/ prints it.

import { type DebugInfo, sourcePath } from "../dwarf/debug-info.ts";
import { STT_FUNC } from "../elf/numbers.ts";
import type { Section } from "../elf/object.ts";
import type { CountedCode, CountedSection, ExecutedCode } from "../lab/code-counts.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { CallEdge } from "./call-graph.ts";

export interface Profile {
  /** What was run, for people. */
  readonly title: string;
  readonly instructions: number;
  /** The functions that were executed, the most expensive first. */
  readonly functions: readonly ProfiledFunction[];
  /** The calls of modules' functions; absent if they weren't followed. */
  readonly calls?: readonly ProfiledCall[];
}

/** The calls from one place to one function. */
export interface ProfiledCall extends CallEdge {
  /** The callee's name and module, as in `functions`. */
  readonly name: string;
  readonly module: string | null;
}

export interface ProfiledFunction {
  readonly name: string;
  /** The module; null: the kernel, or what represents it. */
  readonly module: string | null;
  /** The file and line of its definition, if there is debugging information. */
  readonly path: string | null;
  readonly line: number | null;
  /** Executed in it, without what it calls. */
  readonly instructions: number;
  /** All instructions of a module's function, ascending; empty for the kernel's. */
  readonly code: readonly ProfiledInstruction[];
}

export interface ProfiledInstruction {
  /** Where it was executed. */
  readonly address: number;
  readonly section: string;
  readonly offset: number;
  readonly word: number;
  readonly executed: number;
  /** Its source: the innermost inlined function first, the function itself last; empty if unknown. */
  readonly frames: readonly ProfiledFrame[];
}

export interface ProfiledFrame {
  readonly name: string | null;
  readonly path: string | null;
  readonly line: number | null;
}

/** What a line executed in all. */
export interface ProfiledLine {
  /** The function that the line is written in. */
  readonly function: string | null;
  readonly path: string;
  readonly line: number;
  /** The line of that function's definition; null where it was inlined. */
  readonly definition: number | null;
  readonly instructions: number;
}

/** @param executed machine.executed, of a machine whose `counting` was on. */
export function profileOf(
  executed: ExecutedCode,
  title: string,
  debugInfoOf: (module: LoadedModule) => DebugInfo | null,
): Profile {
  const functions = executed.modules.flatMap((code) =>
    moduleFunctions(code, debugInfoOf(code.module)),
  );
  for (const { name, instructions } of executed.elsewhere) {
    functions.push({
      name: name ?? "(no symbol)",
      module: null,
      path: null,
      line: null,
      instructions,
      code: [],
    });
  }
  functions.sort((a, b) => b.instructions - a.instructions || (a.name < b.name ? -1 : 1));
  return { title, instructions: executed.instructions, functions };
}

/** The lines of a profile, the most expensive first. Inlined code belongs to the line that it was written in. */
export function profiledLines({ functions }: Pick<Profile, "functions">): ProfiledLine[] {
  const lines = new Map<string, ProfiledLine>();
  for (const { code, path: own, line: definition } of functions) {
    for (const { executed, frames } of code) {
      const { path = null, line = null, name = null } = frames[0] ?? {};
      if (executed === 0 || path === null || line === null) continue;
      const isOwn = frames.length === 1 && path === own;
      const key = `${line} ${path} ${isOwn} ${name}`;
      const before = lines.get(key)?.instructions ?? 0;
      lines.set(key, {
        function: name,
        path,
        line,
        definition: isOwn ? definition : null,
        instructions: before + executed,
      });
    }
  }
  return [...lines.values()].sort((a, b) => b.instructions - a.instructions || a.line - b.line);
}

function moduleFunctions(
  { module, sections }: CountedCode,
  debug: DebugInfo | null,
): ProfiledFunction[] {
  const places = debug === null ? new Map<string, DebugPlace>() : functionPlaces(debug);
  return sections.flatMap((counted) =>
    functionStarts(module, counted).flatMap(({ name, first, end }) => {
      const instructions = counted.executed.subarray(first, end).reduce((sum, one) => sum + one, 0);
      if (instructions === 0) return [];
      const { section } = counted;
      const place = places.get(`${section.name} ${4 * first}`);
      const code = instructionsOf(counted, first, end, debug);
      const { path = null, line = null } = place ?? {};
      return [{ name, module: module.name, path, line, instructions, code }];
    }),
  );
}

interface DebugPlace {
  readonly path: string | null;
  readonly line: number | null;
}

/** Where functions are defined, by section and offset. */
function functionPlaces(debug: DebugInfo): Map<string, DebugPlace> {
  const places = new Map<string, DebugPlace>();
  for (const { parts, line, ...place } of debug.functions()) {
    for (const { section, offset } of parts) {
      places.set(`${section.name} ${offset}`, { path: sourcePath(place), line });
    }
  }
  return places;
}

/** A section's functions, as instruction numbers; each extends to the next one. */
function functionStarts(
  { symbols, name: module }: LoadedModule,
  { section, words }: CountedSection,
): { readonly name: string; readonly first: number; readonly end: number }[] {
  const starts = new Map<number, string>();
  for (const symbol of symbols) {
    if (symbol.type !== STT_FUNC || symbol.section.index !== section.index) continue;
    starts.set(Math.floor((symbol.address - section.address) / 4), symbol.name);
  }
  if (!starts.has(0)) starts.set(0, `(start of ${section.name} of ${module})`);
  const ordered = [...starts].sort(([a], [b]) => a - b);
  return ordered.map(([first, name], index) => ({
    name,
    first,
    end: ordered[index + 1]?.[0] ?? words.length,
  }));
}

function instructionsOf(
  { section, words, executed }: CountedSection,
  first: number,
  end: number,
  debug: DebugInfo | null,
): ProfiledInstruction[] {
  const debugSection = debug?.elf.sections.find(({ name }: Section) => name === section.name);
  return Array.from(words.subarray(first, end), (word, index) => {
    const offset = 4 * (first + index);
    return {
      address: section.address + offset,
      section: section.name,
      offset,
      word,
      executed: executed[first + index] ?? 0,
      frames:
        debug === null || debugSection === undefined ? [] : framesAt(debug, debugSection, offset),
    };
  });
}

function framesAt(debug: DebugInfo, section: Section, offset: number): ProfiledFrame[] {
  return debug
    .framesAt(section, offset)
    .map((frame) => ({ name: frame.function, path: sourcePath(frame), line: frame.line }));
}
