// The text of a call, the same in every command: `--call 'NAME(ARG, …)'`, or `--call NAME` with the arguments as words
// of the command line. Parsing makes a value and touches neither files nor the machine; place.ts does that. A text that
// is no argument is an error: a string is always in double quotes, so that a mistyped number is never passed as one.

import { Misuse } from "../../errors.ts";
import { didYouMean } from "../../near-names.ts";
import { readNumber } from "./number.ts";
import { readValue, splitList, type ValueText } from "./value-text.ts";

export interface CallText {
  readonly name: string;
  /** Whether the text says which arguments there are: NAME alone, without words after it, doesn't. */
  readonly hasArguments: boolean;
  readonly args: readonly ArgumentText[];
  readonly lets: ReadonlyMap<string, LetText>;
}

/** A named value in memory. */
export interface LetText {
  readonly text: string;
  readonly value: ValueText;
}

export type ArgumentText = {
  /** As the user wrote it. */
  readonly text: string;
} & (
  | { readonly kind: "word"; readonly value: number }
  | { readonly kind: "double word"; readonly value: bigint }
  /** Memory that the function fills. */
  | { readonly kind: "output"; readonly size: number }
  /** A value in memory, passed by its address; `shown`: its memory is shown after the call. */
  | { readonly kind: "value"; readonly value: ValueText; readonly shown: boolean }
);

const CALL = /^\s*([^\s(),]+)\s*(?:\((.*)\))?\s*$/s;
const SIZE = /^(0x[0-9a-f]+|[1-9][0-9]*)$/i;

/**
 * @param call what --call was given.
 * @param words the words of the command line that are arguments.
 * @param lets what each --let was given.
 * @throws Misuse for a text that is no call or no argument.
 */
export function readCall(
  call: string,
  words: readonly string[],
  lets: readonly string[] = [],
): CallText {
  const [, name, list] = CALL.exec(call) ?? [];
  if (name === undefined) throw new Misuse(`--call takes 'NAME(ARG, …)', not '${call}'`);
  if (list !== undefined && words.length > 0) {
    throw new Misuse(
      `the arguments are given twice: in --call '${call}', and as '${words.join(" ")}' after it`,
    );
  }
  const named = readLets(lets);
  const args = (list === undefined ? words : splitList(list)).map((text) =>
    readArgument(text, named),
  );
  return { name, hasArguments: list !== undefined || words.length > 0, args, lets: named };
}

const ADDRESS = /^0x[0-9a-f]{1,8}$/i;

/** What is called: a function's name, or the address that was given in place of one. */
export function callTarget({ name }: CallText): string | number {
  return ADDRESS.test(name) ? Number(name) : name;
}

/** `name(1, "two")`, as the user wrote it. */
export function callTitle({ name, args }: CallText): string {
  return `${name}(${args.map(({ text }) => text).join(", ")})`;
}

function readLets(texts: readonly string[]): ReadonlyMap<string, LetText> {
  const lets = new Map<string, LetText>();
  for (const text of texts) {
    const [, name, value = ""] = /^\s*([A-Za-z_]\w*)\s*=\s*(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new Misuse(`--let takes NAME=VALUE, not '${text}'`);
    if (lets.has(name)) throw new Misuse(`--let ${name} is given twice`);
    lets.set(name, { text: value, value: readValue(value) });
  }
  return lets;
}

function readArgument(text: string, lets: ReadonlyMap<string, LetText>): ArgumentText {
  if (text.trim() === "")
    throw new Misuse("an argument is missing: there is nothing between two commas or quotes");
  const number = readNumber(text);
  if (number !== null) {
    return number.bits === 32
      ? { text, kind: "word", value: number.value }
      : { text, kind: "double word", value: number.value };
  }
  if (/^out:/i.test(text)) return { text, kind: "output", size: outputSize(text) };
  const shown = text.startsWith("inout:");
  const inner = shown ? text.slice("inout:".length) : text;
  if (inner === "")
    throw new Misuse(`'${text}' needs a value, as in inout:@FILE or inout:NAME of a --let`);
  const value = readValue(inner);
  if (value.kind === "number") {
    throw new Misuse(`'${text}' is a number, not memory: take inout:u32[${inner}]`);
  }
  if (value.kind === "name" && !lets.has(value.name)) {
    const near = didYouMean(value.name, lets.keys());
    throw new Misuse(
      `'${value.name}' is no number and no --let${near}; a string is in double quotes, as in '"${value.name}"', ` +
        `and a symbol's address is &${value.name}`,
    );
  }
  if (value.kind === "symbol" && shown)
    throw new Misuse(`'${text}': the size of a symbol's memory isn't known`);
  return { text, kind: "value", value, shown };
}

function outputSize(text: string): number {
  const size = text.slice("out:".length);
  if (SIZE.test(size)) return Number(size);
  throw new Misuse(`'${text}' needs the number of bytes that the function fills, as in out:64`);
}
