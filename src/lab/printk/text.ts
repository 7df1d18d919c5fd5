// The text that a printk or vsnprintf makes. Widths, precisions and formats are the guest's numbers, so this counts
// what they ask for and stores no more than the caller keeps: `length` grows as the kernel's return value does, the
// text doesn't grow past `kept`. Formatting ends early when nothing more would be kept of a record, or when one
// call has done more work than any honest one.

/** Characters written and bytes read in one call; the longest line of a kernel's log is a thousandth of this. */
export const MOST_WORK = 1 << 20;

/** Formats within formats; a kernel's stack has no room for many. */
const DEEPEST = 8;

export class FormattedText {
  readonly #kept: number;
  readonly #longest: number;
  #text = "";
  #length = 0;
  #work = 0;
  #depth = 0;

  /**
   * @param kept characters that are stored.
   * @param longest characters after which nothing more is formatted; default: no such number.
   */
  constructor(kept: number, longest = Number.POSITIVE_INFINITY) {
    this.#kept = kept;
    this.#longest = longest;
  }

  /** The characters that were stored. */
  get text(): string {
    return this.#text;
  }

  /** Characters written, as vsnprintf counts them: those that aren't stored too. */
  get length(): number {
    return this.#length;
  }

  /** What the call has cost the host, in characters and bytes. */
  get work(): number {
    return this.#work;
  }

  /** Whether formatting is to end here. */
  get full(): boolean {
    return this.#length >= this.#longest || this.#work >= MOST_WORK;
  }

  /** How much one conversion may still read. */
  get left(): number {
    return Math.max(0, MOST_WORK - this.#work);
  }

  append(text: string): void {
    const room = this.#kept - this.#text.length;
    if (room > 0) this.#text += text.length > room ? text.slice(0, room) : text;
    this.#length += text.length;
    this.#work += text.length;
  }

  /** Writes a character `count` times; storing is all that it costs. */
  fill(character: string, count: number): void {
    if (count <= 0) return;
    const stored = Math.min(count, this.#kept - this.#text.length);
    if (stored > 0) this.#text += character.repeat(stored);
    this.#length += count;
    this.#work += Math.max(stored, 1);
  }

  /** Writes a format within a format (%pV). @returns whether it did: not when they nest too deep. */
  within(write: () => void): boolean {
    if (this.#depth === DEEPEST) return false;
    this.#depth += 1;
    write();
    this.#depth -= 1;
    return true;
  }

  /** Counts bytes that were read without being written. */
  read(bytes: number): void {
    this.#work += bytes;
  }
}
