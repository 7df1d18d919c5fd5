// Prints where a run ended: the registers, and the instructions around pc with their symbols, an arrow at the one that
// wasn't executed, and a mark at delay slots.

import type { SourceFrame } from "../dwarf/debug-info.ts";
import { digits } from "../hex.ts";
import { disassemble } from "../isa/disassemble.ts";
import { registerName } from "../isa/registers.ts";
import { find, hasDelaySlot, INSTRUCTIONS } from "../isa/table.ts";
import type { GuestStop } from "../processor/stop.ts";
import { frameLines, framesText } from "./frames-text.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** ra is behind the jump and its delay slot. */
const CALL_SIZE = 8;

/** One word of code around pc. */
export interface CodeLine {
  readonly address: number;
  /** null at an unmapped address. */
  readonly word: number | null;
  readonly symbol: string | null;
  /** The instruction as objdump prints it; null at an unmapped address. */
  readonly text: string | null;
  /** Whether it is the instruction at pc. */
  readonly current: boolean;
  /** Whether it is in the delay slot of the instruction before it. */
  readonly delaySlot: boolean;
}

/** Disassembles the words around pc. The words that farjal itself uses at calls and sites are named too. */
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

/** The lines of an address, innermost first; empty: unknown. */
export type SourceAt = (address: number) => readonly SourceFrame[];

/**
 * The lines, each with its newline: four registers a line with their ABI names, then the code.
 * @param sourceAt the lines of the source; default: they aren't wanted.
 */
export function stopText(stop: GuestStop, paint: Paint, sourceAt: SourceAt = () => []): string {
  const source = frameLines(sourceAt(stop.pc)).map((line) => `  ${line}`);
  const call = ((stop.registers[31] ?? 0) - CALL_SIZE) >>> 0;
  const caller = frameLines(sourceAt(call)).map((line, index) =>
    index === 0 ? `  called from ${line}` : `  ${line}`,
  );
  return [
    ...source,
    ...caller,
    ...registerLines(stop),
    "",
    ...codeText(codeLines(stop), paint, sourceAt),
  ]
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

function codeText(lines: readonly CodeLine[], paint: Paint, sourceAt: SourceAt): string[] {
  const rows = lines.map(({ address, word, symbol, text, current, delaySlot }) => [
    `${current ? "=>" : "  "} ${digits(address)}`,
    symbol === null ? "" : `<${symbol}>`,
    word === null ? "........" : digits(word),
    `${text === null ? "nothing is mapped here" : text.replace("\t", " ")}${delaySlot ? "  (delay slot)" : ""}`,
    framesText(sourceAt(address).slice(0, 1)),
  ]);
  return columns(rows).map((line, index) => (lines[index]?.current ? paint.bold(line) : line));
}
