// The symbol tables that a trace needs: the machine's present ones and, as long as a record may refer to them, those
// of unloaded modules. The machine itself drops a module's table when the module is unloaded.

import { type NamedAddress, type SymbolTable, symbolAmong } from "./symbol-table.ts";

interface Gone {
  readonly table: SymbolTable;
  /** The number of records written when the module was unloaded; later records don't refer to it. */
  readonly written: number;
}

export class TraceNames {
  /** The machine's tables, each with the number of records written when it was added. */
  #present = new Map<SymbolTable, number>();
  /** The latest first, since it was the last to use its addresses. */
  #gone: readonly Gone[] = [];

  /**
   * Updates the tables from the machine's.
   * @param written the number of records written so far.
   * @param first the number of the oldest record that can still be read.
   */
  update(tables: readonly SymbolTable[], written: number, first: number): void {
    const now = new Set(tables);
    const left = [...this.#present]
      .filter(([table, since]) => !now.has(table) && table.module !== null && since < written)
      .map(([table]) => ({ table, written }));
    this.#gone = [...left, ...this.#gone].filter((gone) => gone.written > first);
    this.#present = new Map(tables.map((table) => [table, this.#present.get(table) ?? written]));
  }

  /** Called when a trace begins, without any records. */
  start(): void {
    this.#gone = [];
    this.#present = new Map([...this.#present.keys()].map((table) => [table, 0]));
  }

  /** Keeps all tables from now on, since records of any age may be read. */
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
