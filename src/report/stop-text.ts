// Where a run ended, for people: the registers, and the instructions around pc with their symbols, an
// arrow at the one that was not done, and delay slots marked.

import { digits } from "../hex.ts";
import { disassemble } from "../isa/disassemble.ts";
import { registerName } from "../isa/registers.ts";
import { find, hasDelaySlot, INSTRUCTIONS } from "../isa/table.ts";
import type { GuestStop } from "../processor/stop.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** One word of code around pc. */
export interface CodeLine {
  readonly address: number;
  /** null where nothing is mapped. */
  readonly word: number | null;
  readonly symbol: string | null;
  /** As objdump prints it; null where nothing is mapped. */
  readonly text: string | null;
  /** The instruction at pc. */
  readonly current: boolean;
  /** It stands in the delay slot of the one before. */
  readonly delaySlot: boolean;
}

/** The words around pc as instructions. Those of farjal's own that calls and sites have are named too. */
export function codeLines({ code, pc, inDelaySlot }: GuestStop): CodeLine[] {
  return code.map(({ address, word, symbol }, index) => {
    const current = address === pc - (pc % 4);
    const before = code[index - 1]?.word ?? null;
    return {
      address,
      word,
      symbol,
      text: word === null ? null : disassemble(word, address, { farjalWords: true }),
      current,
      delaySlot: current ? inDelaySlot : before !== null && branches(before),
    };
  });
}

function branches(word: number): boolean {
  const instruction = find(INSTRUCTIONS, word);
  return instruction !== undefined && hasDelaySlot(instruction);
}

/** Lines, each with its newline: registers four a line with their ABI names, then the code. */
export function stopText(stop: GuestStop, paint: Paint): string {
  return [...registerLines(stop), "", ...codeText(codeLines(stop), paint)]
    .map((line) => `${line}\n`)
    .join("");
}

function registerLines({ registers }: GuestStop): string[] {
  const cells = registers.map(
    (value, index) => `${registerName(index).padStart(4)} ${digits(value)}`,
  );
  const rows = Array.from({ length: 8 }, (_, row) => cells.slice(4 * row, 4 * row + 4));
  return columns(rows);
}

function codeText(lines: readonly CodeLine[], paint: Paint): string[] {
  const rows = lines.map(({ address, word, symbol, text, current, delaySlot }) => [
    `${current ? "=>" : "  "} ${digits(address)}`,
    symbol === null ? "" : `<${symbol}>`,
    word === null ? "........" : digits(word),
    `${text === null ? "nothing is mapped here" : text.replace("\t", " ")}${delaySlot ? "  (delay slot)" : ""}`,
  ]);
  return columns(rows).map((line, index) => (lines[index]?.current ? paint.bold(line) : line));
}
