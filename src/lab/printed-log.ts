// What guest code prints on a machine: the kernel's log, and beside it, while a module is set up, the lines that go
// into the module's dmesg. How a record is stored is printk/log.ts's.

import { PrintkLog } from "./printk/log.ts";

export class PrintedLog {
  /** One record a call of _printk; the newest 1 MiB at least are kept. */
  readonly lines: string[] = [];
  readonly #kept = new PrintkLog(this.lines);
  #collected: PrintkLog | undefined;

  /** Stores the text of one printk. @returns the characters stored. */
  print(text: string): number {
    this.#collected?.store(text);
    return this.#kept.store(text);
  }

  /** Adds to a list what is printed during some work. */
  collecting<T>(list: string[], work: () => T): T {
    const outer = this.#collected;
    this.#collected = new PrintkLog(list);
    try {
      return work();
    } finally {
      this.#collected = outer;
    }
  }

  /** Puts a saved log in place of this one. */
  replace(lines: readonly string[]): void {
    this.#kept.replace(lines);
  }
}
