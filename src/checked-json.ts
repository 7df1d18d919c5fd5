// A JSON document that somebody else may have written: each value is checked when it is read, and the error names the
// document and the place in it.

import { Misuse } from "./errors.ts";

/** Whether a value is a whole number from 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A value in the document, with its place for errors. */
export class CheckedJson {
  readonly #value: unknown;
  readonly #path: string;
  readonly #place: string;

  private constructor(value: unknown, path: string, place: string) {
    this.#value = value;
    this.#path = path;
    this.#place = place;
  }

  /** @param path for errors. @throws Misuse when the text is no JSON. */
  static parse(text: string, path: string): CheckedJson {
    try {
      return new CheckedJson(JSON.parse(text), path, "");
    } catch (error) {
      throw new Misuse(`${path} is no JSON: ${(error as Error).message}`);
    }
  }

  /** The value of a key. @throws Misuse, as the other methods do, when this is something else. */
  key(name: string): CheckedJson {
    const object = this.#value;
    if (typeof object !== "object" || object === null) return this.#fail("object");
    const value = (object as Record<string, unknown>)[name];
    return new CheckedJson(value, this.#path, `${this.#place}.${name}`);
  }

  list<T>(read: (one: CheckedJson) => T): T[] {
    if (!Array.isArray(this.#value)) return this.#fail("list");
    return this.#value.map((one, index) =>
      read(new CheckedJson(one, this.#path, `${this.#place}[${index}]`)),
    );
  }

  count(): number {
    return isCount(this.#value) ? this.#value : this.#fail("count");
  }

  text(): string {
    return typeof this.#value === "string" ? this.#value : this.#fail("text");
  }

  /** Whether it has the key. */
  has(name: string): boolean {
    return typeof this.#value === "object" && this.#value !== null && name in this.#value;
  }

  is(holds: (value: unknown) => boolean): boolean {
    return holds(this.#value);
  }

  or<T>(missing: null | undefined, read: (one: CheckedJson) => T): T | typeof missing {
    return this.#value === missing ? missing : read(this);
  }

  #fail(wanted: string): never {
    throw new Misuse(`${this.#path} is damaged: ${this.#place || "it"} is no ${wanted}`);
  }
}
