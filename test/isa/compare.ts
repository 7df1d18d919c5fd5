// Compares the disassembler with objdump on the same words. objdump knows ASEs and coprocessors that the table leaves
// out; the disassembler prints those words as .word, and they are counted separately.

import type { Endian } from "../../src/bytes/endian.ts";
import { disassemble } from "../../src/isa/disassemble.ts";
import { objdump } from "./objdump.ts";

export interface Comparison {
  readonly words: number;
  /** objdump's mnemonics that the table leaves out, with the number of words. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** "word: what objdump prints, what farjal prints", for words that the table has or that objdump doesn't know. */
  readonly differences: readonly string[];
}

/** Compares from address 0 on, with and without aliases. */
export function compare(words: Uint32Array, endian: Endian): Comparison {
  const leftOut = new Map<string, number>();
  const differences: string[] = [];
  for (const aliases of [false, true]) {
    const theirs = objdump(words, { endian, aliases, address: 0 });
    theirs.forEach((text, i) => {
      const word = words[i] as number;
      const ours = disassemble(word, 4 * i, { aliases });
      if (ours === text) return;
      const [mnemonic = ""] = text.split("\t");
      if (!ours.startsWith(".word")) differences.push(`${word.toString(16)}: ${text} | ${ours}`);
      else if (aliases) leftOut.set(mnemonic, (leftOut.get(mnemonic) ?? 0) + 1);
    });
  }
  return { words: words.length, leftOut, differences };
}
