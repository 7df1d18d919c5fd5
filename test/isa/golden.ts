// test/isa/golden.txt: words of the table with what binutils prints for them, so that the disassembler is tested
// where objdump is missing. A line is: word | without aliases | with aliases. The address of a line is its number
// times 4, from ADDRESS on, which is near the end of a 256 MiB region.

import { readFileSync, writeFileSync } from "node:fs";
import { repositoryFile } from "../support/repository.ts";
import { objdump } from "./objdump.ts";
import { wordsOfTheTable } from "./words.ts";

export const ADDRESS = 0x8fff_ff00;

const PATH = repositoryFile("test/isa/golden.txt");

export interface GoldenLine {
  readonly address: number;
  readonly word: number;
  readonly plain: string;
  readonly aliased: string;
}

export function readGolden(): readonly GoldenLine[] {
  const lines = readFileSync(PATH, "utf8").trimEnd().split("\n");
  return lines.map((line, i) => {
    const [word = "", plain = "", aliased = ""] = line.split(" | ");
    return { address: ADDRESS + 4 * i, word: Number.parseInt(word, 16), plain, aliased };
  });
}

/** The file's text from the installed objdump. */
export function makeGolden(): string {
  const words = wordsOfTheTable(3);
  const plain = objdump(words, { endian: "little", aliases: false, address: ADDRESS });
  const aliased = objdump(words, { endian: "little", aliases: true, address: ADDRESS });
  const lines = Array.from(words, (word, i) =>
    [word.toString(16).padStart(8, "0"), plain[i]?.trim(), aliased[i]?.trim()]
      .join(" | ")
      .replaceAll("\t", " "),
  );
  return `${lines.join("\n")}\n`;
}

/** The text in the repository. */
export function goldenText(): string {
  return readFileSync(PATH, "utf8");
}

export function writeGolden(): void {
  writeFileSync(PATH, makeGolden());
}
