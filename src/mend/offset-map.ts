// Where each byte of a section is when pieces of it have been replaced by longer or shorter ones. A piece's
// first byte goes to the first byte of what replaces it; nothing can point behind that into the piece.

/** A piece that is replaced: sizes in bytes. */
export interface Replaced {
  readonly offset: number;
  readonly size: number;
  readonly newSize: number;
}

export class OffsetMap {
  /** Ascending and apart. */
  readonly #pieces: readonly Replaced[];
  /** What has been added before each piece, and after the last. */
  readonly #growth: number[];
  readonly size: number;

  /** @param pieces ascending, none of which overlap. @param size the section's, in bytes. */
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

  /** The section's size afterwards. */
  get newSize(): number {
    return this.size + (this.#growth.at(-1) as number);
  }

  /** Where an offset is afterwards; null inside a replaced piece. Outside the section, both ends go on. */
  at(offset: number): number | null {
    const index = this.#before(offset);
    const piece = this.#pieces[index];
    if (piece === undefined) return offset;
    const growth = this.#growth[index] as number;
    if (offset === piece.offset) return offset + growth;
    if (offset < piece.offset + piece.size) return null;
    return offset + (this.#growth[index + 1] as number);
  }

  /** The same, and inside a replaced piece the start of what replaces it: for debugging information. */
  nearest(offset: number): number {
    return this.at(offset) ?? (this.at(this.#pieces[this.#before(offset)]?.offset ?? 0) as number);
  }

  /** The last piece that begins at or before an offset; -1 when there is none. */
  #before(offset: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#pieces[middle] as Replaced).offset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
