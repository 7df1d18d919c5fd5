// Parses a format file's `print fmt`: a printf format and C expressions over the record's fields, which the kernel
// publishes for programs that read its rings. It is parsed once into functions over a record. The arithmetic is
// libtraceevent's, in unsigned 64 bits. The text isn't trusted, so its tokens, its depth and its output are bounded. If
// any part isn't understood, the whole format is null, and the caller prints the single fields.

import {
  PRINT_FORMAT,
  PRINT_FORMAT_DEPTH,
  PRINT_FORMAT_ELEMENTS,
  PRINT_FORMAT_FLAGS,
  PRINT_FORMAT_STEPS,
  PRINT_FORMAT_TOKENS,
} from "../../limits.ts";
import type { EventField, EventFormat } from "./event-format.ts";
import { type Argument, formatText, type Printed } from "./print-text.ts";
import { RecordView } from "./record-view.ts";
import type { Kallsyms } from "./symbols.ts";

type Numeric = (record: RecordView) => bigint;
type Textual = (record: RecordView) => string;

/** An expression: a number, a text, or both (a pointer to a text that the file lists by its address). */
interface Value {
  readonly number: Numeric;
  readonly text?: Textual;
  /** For an array or pointer into the record: its elements; `number` is its offset. */
  readonly elements?: { readonly size: number; readonly signed: boolean };
  /** The array's size in bytes, if it is known. */
  readonly length?: (record: RecordView) => number;
}

export interface PrintContext {
  readonly symbols: Kallsyms;
  /** Texts by their address in the kernel, from the file's printk formats. */
  readonly strings: ReadonlyMap<bigint, string>;
  readonly longSize: number;
  /** Arrays of numbers as the kernel prints them, `{0x1,0x2}`, or as trace-cmd does, `1 2`. Default: kernel. */
  readonly arrays?: "kernel" | "trace-cmd";
}

/** Prints a record's own text. */
export type Printer = (record: RecordView) => string;

/** The most steps to evaluate a print fmt for one record; the kernel's largest take a tenth of it. */
const U64 = (1n << 64n) - 1n;
const SIZES: Readonly<Record<string, number>> = {
  ...{ char: 1, bool: 1, _Bool: 1, u8: 1, s8: 1, __u8: 1, __s8: 1, uint8_t: 1, int8_t: 1 },
  ...{ short: 2, u16: 2, s16: 2, __u16: 2, __s16: 2, __be16: 2, __le16: 2, uint16_t: 2 },
  ...{ int: 4, u32: 4, s32: 4, __u32: 4, __s32: 4, __be32: 4, __le32: 4, uint32_t: 4, int32_t: 4 },
  ...{ u64: 8, s64: 8, __u64: 8, __s64: 8, __be64: 8, __le64: 8, uint64_t: 8, int64_t: 8 },
  ...{ pid_t: 4, gfp_t: 4, uid_t: 4, dev_t: 4, umode_t: 2, loff_t: 8, sector_t: 8, blkcnt_t: 8 },
};
const WORDS = new Set(["unsigned", "signed", "long", "const", "struct", "union", "enum", "void"]);
const TYPE_NAME = /^(?:[us]\d+|__[us]\d+|\w+_t)$/;

/**
 * Parses a `print fmt`.
 * @returns null for text that isn't understood.
 */
export function parsePrintFormat(
  text: string,
  format: EventFormat,
  context: PrintContext,
): Printer | null {
  if (text.length > PRINT_FORMAT) return null;
  try {
    const parser = new Parser(tokensOf(text), format, context);
    return parser.print();
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
}

/** Text that isn't a print fmt, or uses a construct that isn't supported. */
class Unknown extends Error {}

interface Token {
  readonly kind: "name" | "number" | "string" | "punctuation" | "end";
  readonly text: string;
}

const TOKEN =
  /\s+|([A-Za-z_$][\w$]*)|(0[xX][0-9a-fA-F]+|\d+)[uUlL]*|"((?:[^"\\]|\\[\s\S])*)"|'(\\?[\s\S])'|(->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>?:,.()[\]{}=;])/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null || tokens.length === PRINT_FORMAT_TOKENS) throw new Unknown();
    const [, name, number, string, character, punctuation] = found;
    if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (string !== undefined) tokens.push({ kind: "string", text: unescaped(string) });
    else if (character !== undefined) {
      tokens.push({ kind: "number", text: String(unescaped(character).charCodeAt(0)) });
    } else if (punctuation !== undefined) tokens.push({ kind: "punctuation", text: punctuation });
  }
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0" };

/** A C string's content, its escapes resolved. */
export function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

const PRECEDENCE: Readonly<Record<string, number>> = {
  ...{ "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6 },
  ...{ "<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8, "+": 9, "-": 9 },
  ...{ "*": 10, "/": 10, "%": 10 },
};

const truth = (holds: boolean): bigint => (holds ? 1n : 0n);

const OPERATIONS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "||": (a, b) => truth(a !== 0n || b !== 0n),
  "&&": (a, b) => truth(a !== 0n && b !== 0n),
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
  "&": (a, b) => a & b,
  "==": (a, b) => truth(a === b),
  "!=": (a, b) => truth(a !== b),
  "<": (a, b) => truth(a < b),
  ">": (a, b) => truth(a > b),
  "<=": (a, b) => truth(a <= b),
  ">=": (a, b) => truth(a >= b),
  "<<": (a, b) => (b > 63n ? 0n : (a << b) & U64),
  ">>": (a, b) => (b > 63n ? 0n : a >> b),
  "+": (a, b) => (a + b) & U64,
  "-": (a, b) => (a - b) & U64,
  "*": (a, b) => (a * b) & U64,
  // C's division would trap here.
  "/": (a, b) => (b === 0n ? 0n : a / b),
  "%": (a, b) => (b === 0n ? 0n : a % b),
};

class Parser {
  readonly #tokens: readonly Token[];
  readonly #fields: ReadonlyMap<string, EventField>;
  readonly #context: PrintContext;
  #at = 0;
  #depth = 0;
  #steps = 0;
  /** Whether the parser is within a table's values, which are evaluated once. */
  #constant = false;

  constructor(tokens: readonly Token[], format: EventFormat, context: PrintContext) {
    this.#tokens = tokens;
    this.#fields = new Map(format.fields.map((field) => [field.name, field]));
    this.#context = context;
  }

  print(): Printer {
    const format = this.#string();
    const values: Value[] = [];
    while (this.#takes(",")) values.push(this.#expression());
    if (this.#peek.kind !== "end") throw new Unknown();
    const { symbols, longSize } = this.#context;
    const printed: Printed = { symbols, longSize };
    const args = values.map((value) => this.#argument(value));
    return (record) => formatText(format, args, record, printed);
  }

  #argument({ number, text, elements, length }: Value): Argument {
    const bytes =
      elements === undefined
        ? {}
        : {
            bytes: (record: RecordView, most: number) =>
              record.bytes(Number(number(record)), Math.min(most, length?.(record) ?? most)),
          };
    return { number, ...(text === undefined ? {} : { text }), ...bytes };
  }

  get #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "" };
  }

  #next(): Token {
    const token = this.#peek;
    this.#at += 1;
    return token;
  }

  #takes(text: string): boolean {
    const { kind, text: found } = this.#peek;
    if (kind !== "punctuation" || found !== text) return false;
    this.#at += 1;
    return true;
  }

  #need(text: string): void {
    if (!this.#takes(text)) throw new Unknown();
  }

  /** Adjacent strings are concatenated. */
  #string(): string {
    let text = "";
    if (this.#peek.kind !== "string") throw new Unknown();
    while (this.#peek.kind === "string") text += this.#next().text;
    return text;
  }

  #name(): string {
    const { kind, text } = this.#next();
    if (kind !== "name") throw new Unknown();
    return text;
  }

  #field(name: string): EventField {
    const field = this.#fields.get(name);
    if (field === undefined) throw new Unknown();
    return field;
  }

  #expression(): Value {
    this.#depth += 1;
    if (this.#depth > PRINT_FORMAT_DEPTH) throw new Unknown();
    const condition = this.#binary(1);
    let value = condition;
    if (this.#takes("?")) {
      const yes = this.#expression();
      this.#need(":");
      const no = this.#expression();
      const holds = (record: RecordView): boolean => condition.number(record) !== 0n;
      const { text: yesText } = yes;
      const { text: noText } = no;
      value = {
        number: (record) => (holds(record) ? yes : no).number(record),
        ...(yesText === undefined || noText === undefined
          ? {}
          : { text: (record: RecordView) => (holds(record) ? yesText : noText)(record) }),
      };
    }
    this.#depth -= 1;
    return value;
  }

  #binary(least: number): Value {
    let left = this.#unary();
    for (;;) {
      const { kind, text } = this.#peek;
      const level = kind === "punctuation" ? (PRECEDENCE[text] ?? 0) : 0;
      const operation = OPERATIONS[text];
      if (level < least || operation === undefined) return left;
      this.#at += 1;
      const [one, other] = [left.number, this.#binary(level + 1).number];
      left = { number: (record) => operation(one(record), other(record)) };
    }
  }

  #unary(): Value {
    this.#depth += 1;
    if (!this.#constant) this.#steps += 1;
    if (this.#depth > PRINT_FORMAT_DEPTH || this.#steps > PRINT_FORMAT_STEPS) throw new Unknown();
    const value = this.#unaryValue();
    this.#depth -= 1;
    return value;
  }

  #unaryValue(): Value {
    if (this.#takes("!")) {
      const { number } = this.#unary();
      return { number: (record) => truth(number(record) === 0n) };
    }
    if (this.#takes("~")) {
      const { number } = this.#unary();
      return { number: (record) => ~number(record) & U64 };
    }
    if (this.#takes("-")) {
      const { number } = this.#unary();
      return { number: (record) => -number(record) & U64 };
    }
    if (this.#takes("+")) return this.#unary();
    if (this.#takes("*")) return element(this.#unary(), () => 0n);
    if (this.#takes("&")) return this.#unary();
    return this.#postfix(this.#primary());
  }

  #postfix(value: Value): Value {
    let result = value;
    while (this.#takes("[")) {
      const { number } = this.#expression();
      this.#need("]");
      result = element(result, number);
    }
    return result;
  }

  #primary(): Value {
    const { kind, text } = this.#peek;
    if (kind === "number") {
      this.#at += 1;
      const number = BigInt(/^0\d/.test(text) ? `0o${octal(text)}` : text) & U64;
      return { number: () => number };
    }
    if (kind === "string") {
      const string = this.#string();
      return { number: () => 0n, text: () => string };
    }
    if (this.#takes("(")) {
      if (this.#takes("{")) throw new Unknown();
      if (this.#peek.text === "REC" && this.#parenthesizedRecord()) return this.#recordField();
      const type = this.#type();
      if (type !== null) {
        this.#need(")");
        return cast(this.#unary(), type);
      }
      const value = this.#expression();
      this.#need(")");
      return this.#postfix(value);
    }
    const name = this.#name();
    if (name === "REC") return this.#recordField();
    if (name === "sizeof") return this.#sizeof();
    if (!this.#takes("(")) return { number: () => 0n };
    const value = this.#function(name);
    this.#need(")");
    return value;
  }

  /** Steps over `REC)`, as macros that put their argument in parentheses leave it; false for anything else. */
  #parenthesizedRecord(): boolean {
    const start = this.#at;
    this.#at += 1;
    if (this.#takes(")")) return true;
    this.#at = start;
    return false;
  }

  #recordField(): Value {
    this.#need("->");
    return this.#fieldValue(this.#field(this.#name()));
  }

  /** A type's name if one is next: its size, and the elements of a pointer to it; else null. */
  #type(): Type | null {
    const start = this.#at;
    let size: number | undefined;
    let longs = 0;
    let signed = true;
    let words = 0;
    let tagged = false;
    for (; this.#peek.kind === "name"; this.#at += 1) {
      const { text } = this.#peek;
      if (
        text === "REC" ||
        text === "sizeof" ||
        text.startsWith("__print") ||
        text.startsWith("__get")
      )
        break;
      if (text === "long") longs += 1;
      else if (text === "unsigned") signed = false;
      else if (text === "struct" || text === "union" || text === "enum") tagged = true;
      else if (SIZES[text] !== undefined) {
        size = SIZES[text];
        if (/^(?:__)?u|be|le|bool|gfp|uint/.test(text)) signed = false;
      } else if (!WORDS.has(text) && !tagged && !TYPE_NAME.test(text)) break;
      words += 1;
    }
    let stars = 0;
    while (this.#takes("*")) stars += 1;
    const { kind, text } = this.#peek;
    if (words === 0 || kind !== "punctuation" || text !== ")") {
      this.#at = start;
      return null;
    }
    const { longSize } = this.#context;
    const own = longs > 1 ? 8 : longs === 1 ? longSize : (size ?? 4);
    return stars === 0
      ? { size: own, signed }
      : { size: 8, signed: false, elements: { size: own, signed } };
  }

  #sizeof(): Value {
    this.#need("(");
    const type = this.#type();
    let size: number;
    if (type !== null) size = type.elements === undefined ? type.size : this.#context.longSize;
    else {
      if (this.#name() !== "REC") throw new Unknown();
      this.#need("->");
      size = this.#field(this.#name()).size;
      if (this.#takes("[")) {
        this.#expression();
        this.#need("]");
      }
    }
    this.#need(")");
    return { number: () => BigInt(size) };
  }

  #fieldValue(field: EventField): Value {
    const { type, offset, size, signed } = field;
    if (type.includes("[") || type.startsWith("__data_loc") || type.startsWith("__rel_loc")) {
      return this.#arrayValue(field);
    }
    const { strings } = this.#context;
    const number: Numeric = (record) => record.number(offset, size);
    if (type.includes("*")) {
      // The text behind a pointer is known if the file has it.
      return {
        number,
        text: (record) => strings.get(number(record)) ?? number(record).toString(16),
      };
    }
    return signed && size < 8
      ? { number: (record) => BigInt.asUintN(64, BigInt.asIntN(size * 8, number(record))) }
      : { number };
  }

  #arrayValue(field: EventField): Value {
    const { signed, type } = field;
    const elements = { size: this.#elementSize(type), signed };
    return {
      number: (record) => BigInt(record.array(field).offset),
      length: (record) => record.array(field).length,
      text: (record) => {
        const { offset, length } = record.array(field);
        return record.text(offset, length);
      },
      elements,
    };
  }

  #elementSize(type: string): number {
    if (/\blong long\b/.test(type)) return 8;
    if (/\blong\b/.test(type)) return this.#context.longSize;
    const name = type.match(/\w+/g)?.find((word) => SIZES[word] !== undefined);
    return name === undefined ? 1 : (SIZES[name] ?? 1);
  }

  #function(name: string): Value {
    switch (name) {
      case "__get_str":
      case "__get_rel_str":
      case "__get_dynamic_array":
      case "__get_rel_dynamic_array":
        return this.#arrayValue(this.#field(this.#name()));
      case "__get_dynamic_array_len":
      case "__get_rel_dynamic_array_len": {
        const field = this.#field(this.#name());
        return { number: (record) => BigInt(record.array(field).length) };
      }
      case "__get_bitmask":
      case "__get_rel_bitmask":
      case "__get_cpumask":
      case "__get_rel_cpumask": {
        const field = this.#field(this.#name());
        return { number: () => 0n, text: (record) => bitmask(record, field) };
      }
      case "__print_symbolic":
      case "__print_symbolic_u64":
        return this.#symbolic();
      case "__print_flags":
      case "__print_flags_u64":
        return this.#flags();
      case "__print_hex":
      case "__print_hex_str":
        return this.#hex(name === "__print_hex" ? " " : "");
      case "__print_array":
        return this.#array();
      case "__builtin_expect":
      case "likely":
      case "unlikely": {
        const value = this.#expression();
        if (this.#takes(",")) this.#expression();
        return value;
      }
      default:
        throw new Unknown();
    }
  }

  /** `{ 1, "ONE" }, …` up to the closing parenthesis. */
  #pairs(): (readonly [value: bigint, text: string])[] {
    const pairs: (readonly [bigint, string])[] = [];
    // The values are constants, so they are evaluated here, on an empty record.
    const nothing = new RecordView(true, this.#context.longSize);
    while (this.#takes(",")) {
      if (!this.#takes("{")) break;
      this.#constant = true;
      const number = this.#expression().number(nothing);
      this.#constant = false;
      this.#need(",");
      const text = this.#string();
      this.#need("}");
      pairs.push([number, text]);
    }
    return pairs;
  }

  #symbolic(): Value {
    const { number } = this.#expression();
    // Of two entries with the same value the first counts.
    const texts = new Map(this.#pairs().reverse());
    return {
      number,
      text: (record) => {
        const value = number(record);
        return texts.get(value) ?? `0x${value.toString(16)}`;
      },
    };
  }

  #flags(): Value {
    const { number } = this.#expression();
    this.#need(",");
    let delimiter = "";
    if (this.#peek.kind === "string") delimiter = this.#string();
    else this.#expression();
    const pairs = this.#pairs();
    if (pairs.length > PRINT_FORMAT_FLAGS) throw new Unknown();
    return {
      number,
      text: (record) => {
        let left = number(record);
        const texts: string[] = [];
        for (const [mask, text] of pairs) {
          if (mask === 0n || (left & mask) !== mask) continue;
          texts.push(text);
          left &= ~mask;
        }
        if (left !== 0n) texts.push(`0x${left.toString(16)}`);
        return texts.join(delimiter);
      },
    };
  }

  #hex(between: string): Value {
    const { number } = this.#expression();
    this.#need(",");
    const length = this.#expression().number;
    return {
      number: () => 0n,
      text: (record) => {
        const most = Math.min(Number(length(record)), PRINT_FORMAT_ELEMENTS);
        const bytes = record.bytes(Number(number(record)), most);
        return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(between);
      },
    };
  }

  #array(): Value {
    const { number } = this.#expression();
    this.#need(",");
    const count = this.#expression().number;
    this.#need(",");
    const size = this.#expression().number;
    const plain = this.#context.arrays === "trace-cmd";
    return {
      number: () => 0n,
      text: (record) => {
        const bytes = Number(size(record));
        const from = Number(number(record));
        const elements: string[] = [];
        const most = Math.min(Number(count(record)), PRINT_FORMAT_ELEMENTS);
        for (let index = 0; index < most; index += 1) {
          const offset = from + index * bytes;
          if (offset + bytes > record.size) break;
          const value = record.number(offset, bytes);
          elements.push(plain ? String(value) : `0x${value.toString(16)}`);
        }
        return plain ? elements.join(" ") : `{${elements.join(",")}}`;
      },
    };
  }
}

interface Type {
  readonly size: number;
  readonly signed: boolean;
  readonly elements?: { readonly size: number; readonly signed: boolean };
}

function cast(value: Value, { size, signed, elements }: Type): Value {
  if (elements !== undefined) return value.elements === undefined ? value : { ...value, elements };
  const { number } = value;
  const bits = size * 8;
  return {
    ...value,
    number: signed
      ? (record) => BigInt.asUintN(64, BigInt.asIntN(bits, number(record)))
      : (record) => BigInt.asUintN(bits, number(record)),
  };
}

/** An array's element. @throws Unknown when the value is no array. */
function element({ number, elements }: Value, index: Numeric): Value {
  if (elements === undefined) throw new Unknown();
  const { size, signed } = elements;
  return {
    number: (record) => {
      const offset = Number(number(record)) + Number(BigInt.asIntN(32, index(record))) * size;
      const value = record.number(offset, size);
      return signed ? BigInt.asUintN(64, BigInt.asIntN(size * 8, value)) : value;
    },
  };
}

function octal(text: string): string {
  if (!/^[0-7]+$/.test(text)) throw new Unknown();
  return text;
}

/** The longs of a bitmask, the highest first, in groups of 32 bits. */
function bitmask(record: RecordView, field: EventField): string {
  const { offset, length } = record.array(field);
  const words: string[] = [];
  for (
    let at = 0;
    at + record.longSize <= Math.min(length, PRINT_FORMAT_ELEMENTS);
    at += record.longSize
  ) {
    const word = record.number(offset + at, record.longSize).toString(16);
    const digits = word.padStart(record.longSize * 2, "0");
    words.push(digits.replace(/(?!^)(?=(?:.{8})+$)/g, ","));
  }
  return words.reverse().join(",");
}
