// Maps the old offsets of a section to the new ones after pieces were replaced by longer or shorter ones. A piece's
// first byte maps to the first byte of its replacement; the piece's other bytes have no new offset.

import { lastAtOrBelowBy } from "../ordered-list.ts";

/** A piece that is replaced; sizes are in bytes. */
export interface Replaced {
  readonly offset: number;
  readonly size: number;
  readonly newSize: number;
}

export class OffsetMap {
  /** Ascending, without overlap. */
  readonly #pieces: readonly Replaced[];
  /** The bytes added before each piece, and after the last. */
  readonly #growth: number[];
  readonly size: number;

  /** @param pieces ascending, without overlap. @param size the section's size in bytes. */
  constructor(pieces: readonly Replaced[], size: number) {
    this.#pieces = pieces;
    this.size = size;
    let growth = 0;
    this.#growth = [
      0,
      ...pieces.map((piece) => {
        growth += piece.newSize - piece.size;
        return growth;
      }),
    ];
  }

  /** The section's new size. */
  get newSize(): number {
    return this.size + (this.#growth.at(-1) as number);
  }

  /** The new offset; null inside a replaced piece. Offsets outside the section are shifted like its nearer end. */
  at(offset: number): number | null {
    const index = this.#before(offset);
    const piece = this.#pieces[index];
    if (piece === undefined) return offset;
    const growth = this.#growth[index] as number;
    if (offset === piece.offset) return offset + growth;
    if (offset < piece.offset + piece.size) return null;
    return offset + (this.#growth[index + 1] as number);
  }

  /** The same, but inside a replaced piece the start of its replacement; for debugging information. */
  nearest(offset: number): number {
    return this.at(offset) ?? (this.at(this.#pieces[this.#before(offset)]?.offset ?? 0) as number);
  }

  /** The last piece that begins at or before an offset; -1 when there is none. */
  #before(offset: number): number {
    return lastAtOrBelowBy(this.#pieces, (piece) => piece.offset, offset);
  }
}
