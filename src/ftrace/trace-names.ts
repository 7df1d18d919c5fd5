// The names that a trace needs: those of what is in the machine now and, while a record may still name them,
// those of modules that have gone. The machine itself forgets a module's names when it goes.

import { type NamedAddress, type SymbolTable, symbolAmong } from "./symbol-table.ts";

interface Gone {
  readonly table: SymbolTable;
  /** Records written when the module went: later ones don't name it. */
  readonly written: number;
}

export class TraceNames {
  /** The machine's tables, each with the number of records written when it came. */
  #present = new Map<SymbolTable, number>();
  /** The latest first: it was the last to have the addresses. */
  #gone: readonly Gone[] = [];

  /**
   * Takes over what the machine knows now.
   * @param written records written by now.
   * @param first number of the oldest record that can still be read.
   */
  update(tables: readonly SymbolTable[], written: number, first: number): void {
    const now = new Set(tables);
    const left = [...this.#present]
      .filter(([table, since]) => !now.has(table) && table.module !== null && since < written)
      .map(([table]) => ({ table, written }));
    this.#gone = [...left, ...this.#gone].filter((gone) => gone.written > first);
    this.#present = new Map(tables.map((table) => [table, this.#present.get(table) ?? written]));
  }

  /** A trace begins: there are no records. */
  start(): void {
    this.#gone = [];
    this.#present = new Map([...this.#present.keys()].map((table) => [table, 0]));
  }

  /** Keeps all names from now on: records of any time may be read. */
  keepAll(): void {
    this.#gone = this.#gone.map(({ table }) => ({ table, written: Number.POSITIVE_INFINITY }));
    this.#present = new Map([...this.#present.keys()].map((table) => [table, -1]));
  }

  /** The name of an address, as a record of the trace has it. */
  at(address: number): NamedAddress | undefined {
    return symbolAmong(this.#present.keys(), address) ?? symbolAmong(this.#goneTables, address);
  }

  get #goneTables(): SymbolTable[] {
    return this.#gone.map(({ table }) => table);
  }
}
