// The text of a value in guest memory, as --let and arguments take it: `{mtu:u32=5, buf:ptr=@file, name:char[16]="x"}`,
// `u32[5, 0, -1]`, `"text"`, `@FILE`. Parsing makes a value and touches neither files nor the machine. A member's type
// may be left out where debugging information has it.

import { Misuse } from "../../errors.ts";
import { readNumber } from "./number.ts";

export type ValueText =
  | { readonly kind: "number"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "file"; readonly path: string }
  /** The address of a symbol of the module or the kernel. */
  | { readonly kind: "symbol"; readonly name: string }
  /** The address of another --let. */
  | { readonly kind: "name"; readonly name: string }
  /** A list; `type` is that of its elements, null where it has to be known already. */
  | { readonly kind: "list"; readonly type: string | null; readonly items: readonly ValueText[] }
  | {
      readonly kind: "struct";
      readonly type: string | null;
      readonly members: readonly MemberText[];
    };

export interface MemberText {
  readonly name: string;
  /** `u32`, `char[16]`; null where debugging information has it. */
  readonly type: string | null;
  readonly value: ValueText;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "0": "\0",
  "\\": "\\",
  '"': '"',
};
const NAME = /[A-Za-z_$.][\w$.]*/y;
const TYPE = /[a-z]\w*(?:\s*\[\s*\d+\s*\])?(?=\s*=)/y;
/** What ends a number, a name or a path inside a value. */
const PLAIN = /[^\s,{}[\]]+/y;
/** Values nest no deeper. */
const DEEPEST = 32;

/** @throws Misuse that shows the place, for a text that is no value. */
export function readValue(text: string): ValueText {
  if (text.startsWith("@")) return { kind: "file", path: pathOf(text) };
  const reader = new ValueReader(text);
  const value = reader.value();
  reader.end();
  return value;
}

/** The pieces of a list at its commas; commas within quotes, brackets and braces are part of a piece. */
export function splitList(text: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (quoted && character === "\\") {
      piece += character + (text[at + 1] ?? "");
      at += 1;
      continue;
    }
    if (character === '"') quoted = !quoted;
    if (!quoted && "{[".includes(character)) depth += 1;
    if (!quoted && "}]".includes(character)) depth -= 1;
    if (character === "," && !quoted && depth === 0) {
      pieces.push(piece.trim());
      piece = "";
    } else {
      piece += character;
    }
  }
  pieces.push(piece.trim());
  return pieces.length === 1 && pieces[0] === "" ? [] : pieces;
}

function pathOf(text: string): string {
  const path = text.slice(1);
  if (path === "") throw new Misuse("'@' needs a file's name, as in @message.bin");
  return path;
}

class ValueReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): ValueText {
    if (this.#depth > DEEPEST) throw this.#wrong(`values nest more than ${DEEPEST} deep`);
    this.#depth += 1;
    try {
      return this.#value();
    } finally {
      this.#depth -= 1;
    }
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#wrong("nothing more was expected");
  }

  #value(): ValueText {
    this.#space();
    const next = this.#text[this.#at];
    if (next === '"') return { kind: "string", value: this.#string() };
    if (next === "{") return this.#struct(null);
    if (next === "[") return this.#list(null);
    if (next === "@") return { kind: "file", path: pathOf(this.#match(PLAIN) ?? "") };
    if (next === "&") {
      this.#at += 1;
      const name = this.#match(NAME);
      if (name === null) throw this.#wrong("a symbol's name was expected after &");
      return { kind: "symbol", name };
    }
    const start = this.#at;
    const name = this.#match(NAME);
    if (name === null) return this.#number();
    this.#space();
    if (this.#text[this.#at] === "[") return this.#list(name);
    if (this.#text[this.#at] === "{") return this.#struct(name);
    if (name === "struct" || name === "union") {
      const tag = this.#match(NAME);
      this.#space();
      if (tag !== null && this.#text[this.#at] === "{") return this.#struct(tag);
      this.#at = start;
      throw this.#wrong(`${name} NAME{…} was expected`);
    }
    return { kind: "name", name };
  }

  #number(): ValueText {
    const text = this.#match(PLAIN);
    const number = text === null ? null : readNumber(text, true);
    if (number === null) throw this.#wrong("a value was expected");
    return { kind: "number", value: BigInt(number.value) };
  }

  #string(): string {
    let text = "";
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at] ?? "";
      if (character === '"') {
        this.#at += 1;
        return text;
      }
      if (character !== "\\") {
        text += character;
        continue;
      }
      this.#at += 1;
      const escaped = this.#text[this.#at] ?? "";
      const byte = /^x[0-9a-f]{2}/i.exec(this.#text.slice(this.#at, this.#at + 3))?.[0];
      if (byte !== undefined) {
        text += String.fromCharCode(Number.parseInt(byte.slice(1), 16));
        this.#at += 2;
      } else if (Object.hasOwn(ESCAPES, escaped)) {
        text += ESCAPES[escaped];
      } else {
        throw this.#wrong('after a backslash comes one of n t r 0 \\ " or xNN');
      }
    }
    throw this.#wrong("the double quote that ends the string is missing");
  }

  #list(type: string | null): ValueText {
    return { kind: "list", type, items: this.#items("[", "]", () => this.value()) };
  }

  #struct(type: string | null): ValueText {
    return { kind: "struct", type, members: this.#items("{", "}", () => this.#member()) };
  }

  #member(): MemberText {
    this.#space();
    const name = this.#match(NAME);
    if (name === null) throw this.#wrong("a member's name was expected");
    this.#expect(":", `NAME:VALUE or NAME:TYPE=VALUE was expected`);
    this.#space();
    const type = this.#match(TYPE);
    if (type !== null) this.#expect("=", "= was expected");
    return { name, type, value: this.value() };
  }

  #items<T>(open: string, close: string, read: () => T): T[] {
    this.#expect(open, `${open} was expected`);
    const items: T[] = [];
    this.#space();
    if (this.#text[this.#at] === close) throw this.#wrong("at least one value was expected");
    for (;;) {
      items.push(read());
      this.#space();
      if (this.#text[this.#at] === close) break;
      this.#expect(",", `a comma or ${close} was expected`);
    }
    this.#at += 1;
    return items;
  }

  #expect(character: string, says: string): void {
    this.#space();
    if (this.#text[this.#at] !== character) throw this.#wrong(says);
    this.#at += 1;
  }

  #match(pattern: RegExp): string | null {
    this.#space();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #wrong(says: string): Misuse {
    const rest = this.#text.slice(this.#at);
    const where = rest === "" ? "at its end" : `at '${rest}'`;
    return new Misuse(`'${this.#text}' is no value: ${says}, ${where}`);
  }
}
