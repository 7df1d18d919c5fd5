// Text out of files as text that is safe to print: a control character is written as \xNN, as /dev/kmsg does, so that
// no name can forge a line or reach a terminal as a command. Readers call this where they make a string of a file's
// bytes; whoever prints needs no care.

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const CONTROL = /[\0-\x1f\x7f-\x9f]/g;
const CONTROL_OR_SPACE = /[\0-\x20\x7f-\xa0]/g;

/** A value of one line: each control character, line breaks and tabs too, as \xNN. */
export function printable(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** The name of a symbol or a section: spaces as well, since those end a name in the kernel's texts. */
export function printableName(text: string): string {
  return text.replace(CONTROL_OR_SPACE, escaped);
}

/** `\x1b` for ESC. */
function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
