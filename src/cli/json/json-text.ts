// The text of --json's document, formatted as JSON.stringify() does with two spaces, but piece by piece: a generator
// among its values becomes an array with one element a line, so that a document may be larger than memory. All control
// characters are escaped, including those that JSON.stringify() leaves, so that the text is safe on a terminal.

const INDENT = 2;
const BARE_CONTROL = /[\x7f-\x9f]/g;

/** The document's text. Keys whose value is undefined are left out, as JSON.stringify() does. */
export function* jsonText(document: Readonly<Record<string, unknown>>): Generator<string> {
  let before = "{\n";
  for (const [key, value] of Object.entries(document)) {
    const text = isGenerator(value) ? "" : stringify(value, INDENT);
    if (text === undefined) continue;
    yield `${before}  ${stringify(key)}: ${indented(text)}`;
    if (isGenerator(value)) yield* arrayText(value);
    before = ",\n";
  }
  yield before === ",\n" ? "\n}\n" : "{}\n";
}

function* arrayText(elements: Iterable<unknown>): Generator<string> {
  let before = "[";
  for (const element of elements) {
    yield `${before}\n    ${stringify(element)}`;
    before = ",";
  }
  yield before === "," ? "\n  ]" : "[]";
}

/** As JSON.stringify(): undefined for values that JSON can't express. */
function stringify(value: unknown, indent = 0): string | undefined {
  const text = JSON.stringify(value, null, indent) as string | undefined;
  return text?.replace(BARE_CONTROL, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Indents a value's text; a newline in JSON text is always between tokens, never inside a string. */
function indented(text: string): string {
  return text.replaceAll("\n", `\n${" ".repeat(INDENT)}`);
}

function isGenerator(value: unknown): value is Generator {
  return typeof value === "object" && value !== null && "next" in value && Symbol.iterator in value;
}
