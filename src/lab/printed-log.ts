// What guest code prints on a machine: the kernel's log and, while a module is being loaded, also the module's dmesg.
// printk/log.ts defines how a record is stored.

import { PrintkLog } from "./printk/log.ts";

export class PrintedLog {
  /** One record per call of _printk; at least the newest 1 MiB is kept. */
  readonly lines: string[] = [];
  readonly #kept = new PrintkLog(this.lines);
  #collected: PrintkLog | undefined;

  /** Stores the text of one printk. @returns the characters stored. */
  print(text: string): number {
    this.#collected?.store(text);
    return this.#kept.store(text);
  }

  /** Collects in a list what is printed while some work is done. */
  collecting<T>(list: string[], work: () => T): T {
    const outer = this.#collected;
    this.#collected = new PrintkLog(list);
    try {
      return work();
    } finally {
      this.#collected = outer;
    }
  }

  /** Replaces the log by a saved one. */
  replace(lines: readonly string[]): void {
    this.#kept.replace(lines);
  }
}
