// A JSON document that somebody else may have written: its size is limited before it is parsed, each value is checked
// when it is read, and the error names the document and the place in it.

import { printable } from "./bytes/printable.ts";
import { Misuse } from "./errors.ts";
import { JSON_BYTES, JSON_VALUES } from "./limits.ts";

/** The characters of which one precedes each value and each key. */
const BEFORE_VALUES: ReadonlySet<number> = new Set(Array.from(",:[{", (one) => one.charCodeAt(0)));

/** Whether a value is a whole number from 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Parses a JSON document. An empty list takes three characters and ten times as many bytes of memory, so the number of
 * values and keys is limited too; each needs a comma, a colon, a bracket or a brace.
 * @param path for errors.
 * @throws Misuse when the text is no JSON, or is larger than any document of farjal's.
 */
export function parsedJson(text: string, path: string): unknown {
  if (text.length > JSON_BYTES) {
    throw new Misuse(
      `${path} has more than ${JSON_BYTES >>> 20} MiB, and no document of farjal's has`,
    );
  }
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    if (BEFORE_VALUES.has(text.charCodeAt(at))) values++;
  }
  if (values > JSON_VALUES) {
    throw new Misuse(
      `${path} has more than ${JSON_VALUES} values and keys, and no document of farjal's has`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Misuse(`${path} is not JSON: ${printable((error as Error).message)}`);
  }
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
    return new CheckedJson(parsedJson(text, path), path, "");
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

  /** A text, made printable. */
  text(): string {
    return typeof this.#value === "string" ? printable(this.#value) : this.#fail("text");
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
