// A module's arguments, as insmod joins them: `level=7 label="two words" quiet -- rest`. This cuts the text
// as the kernel's next_arg() and parse_args() do (lib/cmdline.c, kernel/params.c); what a value means is
// known to the parameter's own functions, which the machine calls.

export interface ModuleArgument {
  readonly name: string;
  /** null: no `=` came after the name. */
  readonly value: string | null;
}

export interface ModuleArguments {
  readonly list: readonly ModuleArgument[];
  /** What comes after a lone `--`, which ends the arguments, be it nothing; null without one. */
  readonly afterDashes: string | null;
}

/** Cuts the text at white space outside of double quotes; quotes around a value or an argument go. */
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

/** parameq(): names are equal when they differ in dashes and underscores only. */
export function sameParameter(one: string, other: string): boolean {
  return one.replaceAll("-", "_") === other.replaceAll("-", "_");
}

function nextArgument(text: string): { length: number; argument: ModuleArgument } {
  const quoted = text.startsWith('"');
  const length = argumentLength(text);
  const whole = text.slice(quoted ? 1 : 0, length);
  const equals = whole.indexOf("=", 1);
  if (equals < 0) return { length, argument: { name: unquotedEnd(whole, quoted), value: null } };
  const value = whole.slice(equals + 1);
  const bare = value.startsWith('"')
    ? unquotedEnd(value.slice(1), true)
    : unquotedEnd(value, quoted);
  return { length, argument: { name: whole.slice(0, equals), value: bare } };
}

/** Up to the white space that ends the argument; none does while a quote is open. */
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
