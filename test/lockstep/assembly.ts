// Words with labels: a word that depends on an address is made when the program is laid out.

/** A place in a program; it is known when the program is laid out. */
export type Label = symbol;

/** The address of a label. */
export type AddressOf = (label: Label) => number;

/** A word, or a function that makes it for its address. */
export type Item = number | ((at: number, addressOf: AddressOf) => number);

export class Assembly {
  readonly #items: Item[] = [];
  readonly #places = new Map<Label, number>();

  add(...items: readonly Item[]): void {
    this.#items.push(...items);
  }

  /** Puts the label at the next item. */
  place(label: Label): void {
    this.#places.set(label, this.#items.length);
  }

  /** The words, from an address on. */
  layOut(address: number): number[] {
    const addressOf = (label: Label) => {
      const index = this.#places.get(label);
      if (index === undefined) throw new Error("a label is used and never placed");
      return address + 4 * index;
    };
    return this.#items.map((item, i) =>
      typeof item === "number" ? item : item(address + 4 * i, addressOf),
    );
  }
}
