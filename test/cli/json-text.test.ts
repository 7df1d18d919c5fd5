// Compares the pieces of a --json document with JSON.stringify(), for any document and for a generator's elements.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonText } from "../../src/cli/json/json-text.ts";

const text = (document: Record<string, unknown>): string => [...jsonText(document)].join("");

/** JSON.stringify() doesn't escape DEL and C1. */
const escaped = (json: string): string =>
  [...json]
    .map((one) => (/[\u007f-\u009f]/.test(one) ? `\\u00${one.charCodeAt(0).toString(16)}` : one))
    .join("");

test("a document's pieces are what JSON.stringify() gives, without control characters", () => {
  const document = fc.dictionary(
    fc.string(),
    fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.string({ unit: "binary" })),
  );
  fc.assert(
    fc.property(document, (one) => {
      assert.equal(text(one), `${escaped(JSON.stringify(one, null, 2))}\n`);
      assert.deepEqual(JSON.parse(text(one)), JSON.parse(JSON.stringify(one)));
    }),
  );
});

test("a generator becomes an array, and is read one element at a time", () => {
  let given = 0;
  function* elements(values: readonly unknown[]): Generator<unknown> {
    for (const value of values) {
      given += 1;
      yield value;
    }
  }
  for (const values of [[], [1], ["a\nb", { c: [{}] }, null]]) {
    const plain = { first: 1, events: values, last: {} };
    const streamed = text({ ...plain, events: elements(values) });
    assert.deepEqual(JSON.parse(streamed), plain);
    const lines = values.map((value) => `    ${JSON.stringify(value)}`).join(",\n");
    assert.ok(streamed.includes(values.length === 0 ? '"events": []' : `[\n${lines}\n  ]`));
  }
  given = 0;
  for (const piece of jsonText({ events: elements([1, 2, 3]) })) {
    if (piece.endsWith(" 1")) break;
  }
  assert.equal(given, 1);
});
