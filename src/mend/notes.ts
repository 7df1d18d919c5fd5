// Notes about a mended file that its changes don't show: what in it describes the old code, and which direct jumps the
// kernel still uses.

import { STB_WEAK } from "../elf/numbers.ts";
import type { MendPlan } from "./plan.ts";
import type { Subject } from "./subject.ts";

const BUILD_ID = ".note.gnu.build-id";
const DEBUG = /^\.debug_/;

/**
 * @param plan null when no code is changed.
 * @param stripped whether the debugging sections are removed.
 */
export function notesOn(subject: Subject, plan: MendPlan | null, stripped: boolean): string[] {
  const notes: string[] = [];
  const has = (name: string | RegExp): boolean =>
    subject.elf.sections.some((section) =>
      typeof name === "string" ? section.name === name : name.test(section.name),
    );
  const edits = [...(plan?.edits.values() ?? [])].flat();
  if (has(BUILD_ID)) notes.push("the build-id is still that of the original file");
  if (has(DEBUG) && plan !== null && !stripped) {
    notes.push(
      "in the debugging sections, the addresses of functions and data are adjusted, but not the lines of code after a " +
        "section's first change, the lengths of functions and their scopes, or call frames: --strip-debug takes them out",
    );
  }
  if (edits.length > 0) {
    notes.push(
      "alignments within a section of code of more than 4 bytes are not kept, and differences of two labels " +
        "that the assembler has worked out already are not seen",
    );
  }
  if (has("__jump_table")) {
    notes.push(
      "the kernel itself writes a j where a static key is switched on: where a block straddles a 256 MiB line, that stays out of reach",
    );
  }
  const weak = new Set(
    edits
      .flatMap(({ gone }) => gone.filter(({ symbol }) => symbol.binding === STB_WEAK))
      .map(({ symbol }) => symbol.name),
  );
  for (const name of weak) {
    notes.push(
      `${name} is a weak symbol: where no one defines it the module now loads, and a call of it goes to address 0`,
    );
  }
  return notes;
}
