// A JSON document that another program may have written: its size is limited before it is parsed, each value is checked
// when it is read, and the error names the document and the place in it.

import type { Address } from "./address.ts";
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

interface Document {
  readonly path: string;
  readonly wrong: string;
}

/** A value in the document, with its place for errors. */
export class CheckedJson {
  readonly #value: unknown;
  readonly #document: Document;
  readonly #place: string;

  private constructor(value: unknown, document: Document, place: string) {
    this.#value = value;
    this.#document = document;
    this.#place = place;
  }

  /** @param path for errors. @throws Misuse when the text is no JSON. */
  static parse(text: string, path: string): CheckedJson {
    return CheckedJson.of(parsedJson(text, path), path);
  }

  /**
   * The same of a document that is parsed already.
   * @param path for errors.
   * @param wrong what an error says of the document.
   */
  static of(value: unknown, path: string, wrong = "is damaged"): CheckedJson {
    return new CheckedJson(value, { path, wrong }, "");
  }

  /** The value of a key. @throws Misuse, as the other methods do, when this is something else. */
  key(name: string): CheckedJson {
    const value = this.#object()[name];
    return new CheckedJson(value, this.#document, `${this.#place}.${name}`);
  }

  /** @param length the number of values there must be; default: any. */
  list<T>(read: (one: CheckedJson) => T, length?: number): T[] {
    if (!Array.isArray(this.#value)) return this.#fail("list");
    if (length !== undefined && this.#value.length !== length) {
      return this.#fail(`list of ${length} values`);
    }
    return this.#value.map((one, index) =>
      read(new CheckedJson(one, this.#document, `${this.#place}[${index}]`)),
    );
  }

  /** An object with keys of any name. */
  dictionary<T>(read: (one: CheckedJson) => T): Record<string, T> {
    const names = Object.keys(this.#object());
    return Object.fromEntries(names.map((name) => [name, read(this.key(name))]));
  }

  /** A whole number, from 0 unless the range is given. */
  count(from = 0, to = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value;
    if (isCount(value) && value >= from && value <= to) return value;
    return this.#fail(to === Number.MAX_SAFE_INTEGER ? "count" : `number from ${from} to ${to}`);
  }

  /** A number from 0. */
  quantity(): number {
    const value = this.#value;
    return typeof value === "number" && value >= 0 ? value : this.#fail("number from 0");
  }

  /** A text, made printable. */
  text(): string {
    return typeof this.#value === "string" ? printable(this.#value) : this.#fail("text");
  }

  /** A text as it is, such as a kernel's line. */
  verbatim(): string {
    return typeof this.#value === "string" ? this.#value : this.#fail("text");
  }

  /** A text without control characters, such as a path. */
  line(): string {
    const value = this.#value;
    return typeof value === "string" && printable(value) === value
      ? value
      : this.#fail("line of text");
  }

  /** An address or a word as hex() prints it: with sixteen digits it is a bigint. */
  hex(): Address {
    const value = this.#value;
    const digits =
      typeof value === "string" ? /^0x([0-9a-f]{8}|[0-9a-f]{16})$/.exec(value)?.[1] : undefined;
    if (digits === undefined) return this.#fail("number in hexadecimal");
    return digits.length === 16 ? BigInt(`0x${digits}`) : Number.parseInt(digits, 16);
  }

  flag(): boolean {
    return typeof this.#value === "boolean" ? this.#value : this.#fail("true or false");
  }

  oneOf<const T extends string>(values: readonly T[]): T {
    return values.find((one) => one === this.#value) ?? this.#fail(values.join(" or "));
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

  #object(): Record<string, unknown> {
    const object = this.#value;
    if (typeof object !== "object" || object === null || Array.isArray(object)) {
      return this.#fail("object");
    }
    return object as Record<string, unknown>;
  }

  #fail(wanted: string): never {
    const { path, wrong } = this.#document;
    throw new Misuse(`${path} ${wrong}: ${printable(this.#place) || "it"} is no ${wanted}`);
  }
}
