// A block of module memory while sections and symbol tables are appended to it: offsets, sizes and alignments, no
// addresses. layout.ts and kallsyms.ts determine the order.

import type { Section } from "../../elf/object.ts";
import { Refusal } from "../../errors.ts";
import { MODULE_BLOCK_BYTES } from "../../limits.ts";
import type { Block } from "../../trampoline/facts.ts";

export interface PlacedSection {
  readonly section: Section;
  readonly block: Block;
  readonly offset: number;
  /** The round of layout_sections() that placed it, from 1; 0: layout_symtab() placed it, after all rounds. */
  readonly round: number;
}

/**
 * An sh_addralign as a number of bytes.
 * @throws Refusal if it is not a power of two, which Linux does not check.
 */
export function checkedAlignment(alignment: number): number {
  if (alignment === 0) return 1;
  if (Number.isInteger(Math.log2(alignment))) return alignment;
  throw new Refusal({
    errno: "ENOEXEC",
    dmesg: [],
    explanation: `a section asks for an alignment of ${alignment}, which is no power of two: the file is damaged`,
  });
}

/** A block while it is filled. */
export class BlockSpace {
  #size = 0;
  #alignment = 1;
  textSize = 0;

  get size(): number {
    return this.#size;
  }

  get alignment(): number {
    return this.#alignment;
  }

  /** Appends bytes at the next multiple of an alignment, a power of two or 0, and returns their offset. */
  append(size: number, alignment: number): number {
    const step = checkedAlignment(alignment);
    const offset = Math.ceil(this.#size / step) * step;
    this.#size = offset + size;
    this.#alignment = Math.max(this.#alignment, step);
    if (this.#size > MODULE_BLOCK_BYTES) {
      throw new Refusal({
        errno: "ENOMEM",
        dmesg: [],
        explanation: `the file's sections ask for ${this.#size} bytes of memory and more`,
      });
    }
    return offset;
  }
}
