// Reads the code of real modules, on which the tests compare the disassembler.

import { readFileSync } from "node:fs";
import { contents } from "../../src/elf/contents.ts";
import { SHF_EXECINSTR, SHT_PROGBITS } from "../../src/elf/numbers.ts";
import type { ElfObject } from "../../src/elf/object.ts";
import { readElf } from "../../src/elf/reader.ts";

/** Every word of the executable sections of the modules at these paths, one after the other. */
export function codeOf(paths: readonly string[]): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(paths.flatMap((path) => words(readElf(readFileSync(path)))));
}

function words(elf: ElfObject): number[] {
  const code = elf.sections.filter(
    ({ type, flags }) => type === SHT_PROGBITS && flags & SHF_EXECINSTR,
  );
  return code.flatMap((section) => {
    const bytes = contents(elf, section);
    return Array.from({ length: Math.floor(section.size / 4) }, (_, i) => bytes.u32(4 * i));
  });
}
