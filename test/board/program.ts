// Makes a board with a small program of machine words in its memory, for the tests of this folder.

import { RAM } from "../../assembly/shared/memory-map.ts";
import { Board, type BoardOptions } from "../../src/board/board.ts";

export const ENTRY = 0x80001000;
/** A word of memory where programs store their results. */
export const RESULT = 0x80008000;

/** A board of 1 MiB with the program at ENTRY and its exception handler at 80000180. */
export function boardWith(
  endian: "little" | "big",
  program: readonly number[],
  options: Partial<BoardOptions> = {},
): Board {
  const board = Board.create({ endian, memory: 1 << 20, ...options });
  put(board, ENTRY, program);
  board.processor.setCp0(12, 0, 0);
  board.processor.pc = ENTRY;
  return board;
}

export function put(board: Board, address: number, words: readonly number[]): void {
  board.processor.words.set(words, (RAM + (address & 0x1fffffff)) / 4);
}

export function word(board: Board, address: number): number {
  return board.processor.words[(RAM + (address & 0x1fffffff)) / 4] ?? 0;
}
