// Makes what a machine has executed into coverage: counts by module, section and offset, which don't depend on where a
// module was loaded, and counts by line where there is debugging information.

import { host } from "#host";
import { hexDigits } from "../bytes/text.ts";
import type { DebugInfo } from "../dwarf/debug-info.ts";
import { contents } from "../elf/contents.ts";
import { STT_FUNC } from "../elf/numbers.ts";
import { isConditional } from "../isa/conditional.ts";
import type { CountedCode, CountedSection, ExecutedCode } from "../lab/code-counts.ts";
import type { LoadedModule } from "../module/loaded.ts";
import {
  type Coverage,
  type FunctionPlace,
  type InstructionCoverage,
  type ModuleCoverage,
  mergeCoverage,
  mergeSources,
  type SectionCoverage,
} from "./coverage.ts";
import { sourceLines } from "./source-lines.ts";

/** The debugging information of a module; null: it has none. */
export type DebugInfoOf = (module: LoadedModule) => DebugInfo | null;

/** @param executed machine.executed, of a machine whose `counting` was on. */
export function coverageOf(executed: ExecutedCode, debugInfoOf: DebugInfoOf): Coverage {
  return mergeCoverage([
    {
      instructions: executed.instructions,
      modules: executed.modules.map(moduleCoverage),
      elsewhere: executed.elsewhere.map(({ name, instructions }) => ({ name, instructions })),
      sources: mergeSources(
        executed.modules.flatMap((code) => {
          const debug = debugInfoOf(code.module);
          return debug === null ? [] : sourceLines(code, debug);
        }),
      ),
    },
  ]);
}

function moduleCoverage({ module, sections }: CountedCode): ModuleCoverage {
  return {
    name: module.name,
    code: codeDigest(module),
    sections: sections.map(sectionCoverage),
    functions: functionsOf(module),
  };
}

function sectionCoverage({ section, words, executed, taken }: CountedSection): SectionCoverage {
  const instructions: InstructionCoverage[] = [];
  executed.forEach((times, index) => {
    if (times === 0) return;
    const branch = isConditional(words[index] ?? 0) ? { taken: taken[index] ?? 0 } : {};
    instructions.push({ offset: 4 * index, executed: times, ...branch });
  });
  return { name: section.name, size: section.size, instructions };
}

/** SHA-256 of a module's code as its file has it. */
function codeDigest({ file, sections }: LoadedModule): string {
  const code = sections
    .filter(({ executable, size }) => executable && size > 0)
    .flatMap(({ index }) => file.elf.sections.filter((section) => section.index === index))
    .map((section) => contents(file.elf, section).bytes);
  return hexDigits(host.sha256(code));
}

function functionsOf({ symbols }: LoadedModule): FunctionPlace[] {
  return symbols
    .filter(({ type, section }) => type === STT_FUNC && section.executable)
    .map(({ name, size, address, section }) => ({
      name,
      section: section.name,
      offset: address - section.address,
      size,
    }))
    .sort((a, b) => a.offset - b.offset);
}
