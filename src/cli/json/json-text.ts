// The document that --json prints, as JSON.stringify() with two spaces writes it, but piece by piece: a generator
// among its values becomes an array, an element a line, so that a document may be larger than memory. Control
// characters are escaped as JSON has it, those that JSON.stringify() leaves too, so that a terminal may show it.

const INDENT = 2;
const BARE_CONTROL = /[\x7f-\x9f]/g;

/** The document's text. Keys without a value are left out, as JSON.stringify() does. */
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

/** As JSON.stringify(): undefined for what JSON doesn't have. */
function stringify(value: unknown, indent = 0): string | undefined {
  const text = JSON.stringify(value, null, indent) as string | undefined;
  return text?.replace(BARE_CONTROL, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** No text within JSON holds a newline of its own. */
function indented(text: string): string {
  return text.replaceAll("\n", `\n${" ".repeat(INDENT)}`);
}

function isGenerator(value: unknown): value is Generator {
  return typeof value === "object" && value !== null && "next" in value && Symbol.iterator in value;
}
