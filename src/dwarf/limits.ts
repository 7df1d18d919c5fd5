// The limits of what one file's debugging information may cost. Units of a hostile file can all refer to the same
// bytes, so that a few megabytes would be read millions of times; what is read is counted over the whole file. The
// largest real file, the vmlinux of a distribution, has a tenth of each.

import { Misuse } from "../errors.ts";
import { DEBUG_ABBREVIATIONS, DEBUG_FILES, DEBUG_RANGES, DEBUG_ROWS } from "../limits.ts";

const MOST = {
  abbreviations: DEBUG_ABBREVIATIONS,
  "files and directories": DEBUG_FILES,
  "rows of line tables": DEBUG_ROWS,
  ranges: DEBUG_RANGES,
};

export class Limits {
  readonly #left: Record<keyof typeof MOST, number> = { ...MOST };

  /** Counts things that were read. @throws Misuse when they are too many. */
  count(what: keyof typeof MOST, number = 1): void {
    this.#left[what] -= number;
    if (this.#left[what] < 0) {
      throw new Misuse(
        `the debugging information is damaged: it leads to more than ${MOST[what]} ${what}`,
      );
    }
  }
}
