// Counting executed instructions exactly (shared/execution-counts.ts has the cells and what they mean). The exact
// reading counts each instruction by itself; the fast loop counts where a stretch begins and ends, and the branches
// taken within it. Both add to the same cells, so it doesn't matter which of them executed what.

import {
  CELL_PAGE_SIZE,
  CELL_SIZE,
  CELL_TAKEN,
  COUNT_CELLS_USED,
  COUNT_LOST,
  COUNTING,
} from "../shared/execution-counts.ts";
import { COUNT_CELLS, COUNT_CELLS_SIZE, COUNT_TABLE, PAGE_SIZE } from "../shared/memory-map.ts";

@final
export class Counts {
  /** Whether instructions are counted. */
  @inline static on(): bool {
    return load<u32>(COUNTING) !== 0;
  }

  /** Where the cells of va's page are; 0: it has none. */
  @inline static page(va: u32): u32 {
    return load<u32>((va >>> 12) << 2, COUNT_TABLE);
  }

  /** The cell of an address in a page whose cells begin at `page`. */
  @inline static cell(page: u32, va: u32): usize {
    return page + (va & (PAGE_SIZE - 4)) * (CELL_SIZE / 4);
  }

  /** A stretch begins at this cell's instruction. */
  @inline static begin(cell: usize): void {
    store<i32>(cell, load<i32>(cell) + 1);
  }

  /** A stretch ends before this cell's instruction. */
  @inline static end(cell: usize): void {
    store<i32>(cell, load<i32>(cell) - 1);
  }

  /** The branch of this cell is taken, which ends the stretch after its delay slot. */
  @inline static taken(cell: usize): void {
    store<i32>(cell, load<i32>(cell, CELL_TAKEN) + 1, CELL_TAKEN);
  }

  /** Counts one instruction, alone. */
  static one(pc: u32, taken: bool): void {
    const page = Counts.page(pc);
    if (page === 0 && !Counts.enter(pc)) return;
    const cell = Counts.cell(Counts.page(pc), pc);
    Counts.begin(cell);
    Counts.end(cell + CELL_SIZE);
    if (!taken) return;
    Counts.taken(cell);
    // The stretch was ended already.
    Counts.begin(cell + 2 * CELL_SIZE);
  }

  /** Gives va's page cells; false when there are none left. */
  static enter(va: u32): bool {
    const used = load<u32>(COUNT_CELLS_USED);
    if (used + CELL_PAGE_SIZE > <u32>COUNT_CELLS_SIZE) {
      store<u32>(COUNT_LOST, 1);
      return false;
    }
    store<u32>((va >>> 12) << 2, COUNT_CELLS + used, COUNT_TABLE);
    store<u32>(COUNT_CELLS_USED, used + CELL_PAGE_SIZE);
    return true;
  }
}
