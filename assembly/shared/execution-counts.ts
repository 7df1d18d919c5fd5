// The exact counts of executed instructions: how the core and the host share them. A page of code that runs while
// COUNTING is 1 gets a page of cells, a cell of two words for each instruction. FLOW is a difference: the sum of FLOW
// from the page's first instruction up to this one, less the branches taken so far (each ends a stretch two
// instructions later), is how often this one was executed. So a stretch costs what its ends cost, however long it is.
// assembly/tracing/execution-counts.ts writes the cells, src/processor/execution-counts.ts reads them.
//
// Blocks of translated code count into BLOCK_COUNTS, two words each: how often the block was completed, and how often
// its branch then went one of its two ways.

import { BLOCK_COUNTS_SIZE, COUNT_CELLS_SIZE, COUNT_WORDS, PAGE_SIZE } from "./memory-map.ts";

export const COUNTING = COUNT_WORDS; // 1: the interpreter counts what it executes
export const COUNT_CELLS_USED = COUNTING + 4; // bytes of COUNT_CELLS that pages have
export const COUNT_LOST = COUNT_CELLS_USED + 4; // 1: code ran that there are no cells for

/** A cell's words, both i32; the host takes them away before they can overflow. */
export const CELL_SIZE = 8;
export const CELL_TAKEN = 4; // FLOW is at 0
/** A page's cells, and two more that a branch at the page's end may write and nothing reads. */
export const CELL_PAGE_SIZE = (PAGE_SIZE / 4 + 2) * CELL_SIZE;
export const CELL_PAGES = (COUNT_CELLS_SIZE - (COUNT_CELLS_SIZE % CELL_PAGE_SIZE)) / CELL_PAGE_SIZE;

export const BLOCK_COUNT_SIZE = 8;
export const BLOCK_COUNT_WAY = 4; // the completed ones are at 0
export const BLOCK_COUNTS_CAPACITY = BLOCK_COUNTS_SIZE / BLOCK_COUNT_SIZE;
