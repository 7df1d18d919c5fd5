// Makes text from files safe to print: a control character becomes \xNN, as in /dev/kmsg, so that no name can forge a
// line or send a command to a terminal. Readers call this when they make a string of a file's bytes, so code that
// prints needs no further check.

// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches control characters
const CONTROL = /[\0-\x1f\x7f-\x9f]/g;
const CONTROL_OR_SPACE = /[\0-\x20\x7f-\xa0]/g;

/** For a value within a line: each control character, including line breaks and tabs, becomes \xNN. */
export function printable(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** For the name of a symbol or a section: escapes spaces too, since a space ends a name in the kernel's texts. */
export function printableName(text: string): string {
  return text.replace(CONTROL_OR_SPACE, escaped);
}

/** `\x1b` for ESC. */
function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
