// The kernel's log as vprintk_store() keeps it (kernel/printk/printk.c, Linux 6.1): one record for each call, without
// its level and its last newline, no longer than LOG_LINE_MAX; KERN_CONT goes on with a record that no newline ended.
// The oldest records are dropped by their size in bytes, as the kernel's ring buffer drops them.

/** LOG_LINE_MAX, less the NUL that it has room for: CONSOLE_LOG_MAX - PREFIX_MAX - 1. */
export const LONGEST_RECORD = 1024 - 32 - 1;
/** Bytes that are kept at least; Debian's kernels keep 128 KiB (CONFIG_LOG_BUF_SHIFT=17). */
const KEPT_BYTES = 1 << 20;
/** What a record takes beside its text: struct printk_info. */
const RECORD_BYTES = 88;

/** Start of header: before a level's digit, or before `c` for KERN_CONT. */
const KERN_SOH = "\u0001";

/** printk_parse_prefix(): the characters of all levels and KERN_CONTs in front. */
function prefixLength(text: string): number {
  let at = 0;
  while (text[at] === KERN_SOH && /[0-7c]/.test(text.charAt(at + 1))) at += 2;
  return at;
}

export class PrintkLog {
  readonly #lines: string[];
  #bytes = 0;
  /** Whether the last record may be continued. */
  #open = false;

  /** @param lines where the records are kept, the newest last. */
  constructor(lines: string[]) {
    this.#lines = lines;
  }

  /**
   * Stores the formatted text of one call, at most LONGEST_RECORD characters of it.
   * @returns the characters stored, as printk() does.
   */
  store(formatted: string): number {
    let text = formatted.slice(0, LONGEST_RECORD);
    const ended = text.endsWith("\n");
    if (ended) text = text.slice(0, -1);
    const prefix = text.slice(0, prefixLength(text));
    text = text.slice(prefix.length);
    const last = this.#lines.length - 1;
    const before = this.#lines[last];
    const continues = prefix.includes("c") && this.#open && before !== undefined;
    if (continues && before.length + text.length <= LONGEST_RECORD) {
      this.#lines[last] = before + text;
      this.#bytes += text.length;
    } else {
      this.#lines.push(text);
      this.#bytes += text.length + RECORD_BYTES;
    }
    this.#open = !ended;
    this.#dropOldest();
    return text.length;
  }

  /** Puts other records in place of all. */
  replace(lines: readonly string[]): void {
    this.#lines.length = 0;
    for (const line of lines) this.#lines.push(line);
    this.#bytes = lines.reduce((sum, line) => sum + line.length + RECORD_BYTES, 0);
    this.#open = false;
  }

  #dropOldest(): void {
    if (this.#bytes < 2 * KEPT_BYTES) return;
    let dropped = 0;
    while (this.#bytes > KEPT_BYTES && dropped < this.#lines.length - 1) {
      this.#bytes -= (this.#lines[dropped++] as string).length + RECORD_BYTES;
    }
    this.#lines.splice(0, dropped);
  }
}
