// The output of a printk or vsnprintf. Widths, precisions and formats come from the guest, so this counts what they
// request but stores only what the caller keeps: `length` grows as the kernel's return value does, the text does not
// grow past `kept`. Formatting ends early when nothing more of a record would be kept, or when one call has done
// more work than any legitimate call needs.

import { PRINTK_DEPTH, PRINTK_WORK } from "../../limits.ts";

export class FormattedText {
  readonly #kept: number;
  readonly #longest: number;
  #text = "";
  #length = 0;
  #work = 0;
  #depth = 0;

  /**
   * @param kept the most characters stored.
   * @param longest characters after which formatting ends; default: no limit.
   */
  constructor(kept: number, longest = Number.POSITIVE_INFINITY) {
    this.#kept = kept;
    this.#longest = longest;
  }

  /** The stored characters. */
  get text(): string {
    return this.#text;
  }

  /** Characters written, as vsnprintf counts them, including those not stored. */
  get length(): number {
    return this.#length;
  }

  /** The host's work for this call, in characters and bytes. */
  get work(): number {
    return this.#work;
  }

  /** Whether formatting must end here. */
  get full(): boolean {
    return this.#length >= this.#longest || this.#work >= PRINTK_WORK;
  }

  /** The bytes that one conversion may still read. */
  get left(): number {
    return Math.max(0, PRINTK_WORK - this.#work);
  }

  append(text: string): void {
    const room = this.#kept - this.#text.length;
    if (room > 0) this.#text += text.length > room ? text.slice(0, room) : text;
    this.#length += text.length;
    this.#work += text.length;
  }

  /** Writes a character `count` times; the cost is that of the characters stored. */
  fill(character: string, count: number): void {
    if (count <= 0) return;
    const stored = Math.min(count, this.#kept - this.#text.length);
    if (stored > 0) this.#text += character.repeat(stored);
    this.#length += count;
    this.#work += Math.max(stored, 1);
  }

  /** Writes a format within a format (%pV). @returns false when formats nest too deep. */
  within(write: () => void): boolean {
    if (this.#depth === PRINTK_DEPTH) return false;
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
