// The kernel's log as vprintk_store() stores it (kernel/printk/printk.c, Linux 6.1): one record per call, without its
// level and final newline, at most LOG_LINE_MAX long. KERN_CONT continues a record that did not end in a newline. When
// the log exceeds its size in bytes the oldest records are dropped, as in the kernel's ring buffer.

/** LOG_LINE_MAX less one for the NUL: CONSOLE_LOG_MAX - PREFIX_MAX - 1. */
export const LONGEST_RECORD = 1024 - 32 - 1;
/** The minimum number of bytes kept; Debian's kernels keep 128 KiB (CONFIG_LOG_BUF_SHIFT=17). */
const KEPT_BYTES = 1 << 20;
/** The size of a record beside its text: struct printk_info. */
const RECORD_BYTES = 88;

/** Start of header: before a level's digit, or before `c` for KERN_CONT. */
const KERN_SOH = "\u0001";

/** printk_parse_prefix(): the characters of all leading levels and KERN_CONTs. */
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

  /** @param lines the list that holds the records, the newest last. */
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

  /** Replaces all records. */
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
