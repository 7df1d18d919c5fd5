// A module's arguments, as insmod joins them: `level=7 label="two words" quiet -- rest`. This file splits the text as
// the kernel's next_arg() and parse_args() do (lib/cmdline.c, kernel/params.c); the machine calls the functions of each
// parameter, which interpret its value.

export interface ModuleArgument {
  readonly name: string;
  /** null if no `=` follows the name. */
  readonly value: string | null;
}

export interface ModuleArguments {
  readonly list: readonly ModuleArgument[];
  /** The text after a lone `--`, which ends the arguments; may be empty; null without a `--`. */
  readonly afterDashes: string | null;
}

/** Splits the text at white space outside double quotes; quotes around a value or an argument are removed. */
export function readArgumentText(text: string): ModuleArguments {
  const list: ModuleArgument[] = [];
  let rest = skipSpaces(text);
  while (rest !== "") {
    const { length, argument } = nextArgument(rest);
    rest = skipSpaces(rest.slice(length));
    if (argument.value === null && argument.name === "--") {
      return { list, afterDashes: rest };
    }
    list.push(argument);
  }
  return { list, afterDashes: null };
}

/** The text that insmod makes of its words: a value with white space is put into quotes. */
export function argumentText(words: string | readonly string[]): string {
  if (typeof words === "string") return words;
  return words
    .map((word) => {
      const [name, value] = cutInTwo(word);
      return value === null || value.startsWith('"') || !/\s/.test(value)
        ? word
        : `${name}="${value}"`;
    })
    .join(" ");
}

/** parameq(): names are equal if they differ only in dashes and underscores. */
export function sameParameter(one: string, other: string): boolean {
  return one.replaceAll("-", "_") === other.replaceAll("-", "_");
}

function cutInTwo(word: string): [name: string, value: string | null] {
  const equals = word.indexOf("=", 1);
  return equals < 0 ? [word, null] : [word.slice(0, equals), word.slice(equals + 1)];
}

function nextArgument(text: string): { length: number; argument: ModuleArgument } {
  const quoted = text.startsWith('"');
  const length = argumentLength(text);
  const whole = text.slice(quoted ? 1 : 0, length);
  const [name, value] = cutInTwo(whole);
  if (value === null) return { length, argument: { name: unquotedEnd(name, quoted), value } };
  const bare = value.startsWith('"')
    ? unquotedEnd(value.slice(1), true)
    : unquotedEnd(value, quoted);
  return { length, argument: { name, value: bare } };
}

/** The length up to the white space that ends the argument; white space inside quotes does not. */
function argumentLength(text: string): number {
  let open = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') open = !open;
    else if (!open && isSpace(text[at])) return at;
  }
  return text.length;
}

function unquotedEnd(text: string, quoted: boolean): string {
  return quoted && text.endsWith('"') ? text.slice(0, -1) : text;
}

function skipSpaces(text: string): string {
  let at = 0;
  while (at < text.length && isSpace(text[at])) at++;
  return text.slice(at);
}

/** The kernel's isspace(), of Latin-1. */
function isSpace(letter: string | undefined): boolean {
  return letter !== undefined && /[ \t-\r\u00a0]/.test(letter);
}
