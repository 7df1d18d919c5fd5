// Tests that a module's arguments are split as the kernel's next_arg() splits them; the expected results were derived
// by hand from lib/cmdline.c.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  argumentText,
  readArgumentText,
  sameParameter,
} from "../../src/module/parameters/arguments.ts";

/** Name and value pairs; a name without a value is given as a string. */
function cut(text: string): (string | [string, string])[] {
  return readArgumentText(text).list.map(({ name, value }) =>
    value === null ? name : [name, value],
  );
}

suite("a module's arguments", () => {
  test("are split at white space of every kind", () => {
    assert.deepEqual(cut(" \ta=1\n\nb  c= \v\f\r\u00a0d=x "), [
      ["a", "1"],
      "b",
      ["c", ""],
      ["d", "x"],
    ]);
    assert.deepEqual(cut(""), []);
    assert.deepEqual(cut("   "), []);
  });

  test("keep white space between double quotes, around the value or around it all", () => {
    assert.deepEqual(cut('a="one two" b'), [["a", "one two"], "b"]);
    assert.deepEqual(cut('"a=one two" b'), [["a", "one two"], "b"]);
    assert.deepEqual(cut('"a b" c'), ["a b", "c"]);
  });

  test("lose a quote at the value's start and at its end, and no other", () => {
    assert.deepEqual(cut('a=x"y z"w'), [["a", 'x"y z"w']]);
    assert.deepEqual(cut('a="x y'), [["a", "x y"]]);
    assert.deepEqual(cut('a="'), [["a", ""]]);
    assert.deepEqual(cut('a=""'), [["a", ""]]);
    assert.deepEqual(cut('"a="b""'), [["a", 'b"']]);
  });

  test("have an equals sign that is not their first character", () => {
    assert.deepEqual(cut("a=b=c =x ==y"), [["a", "b=c"], "=x", ["=", "y"]]);
  });

  test("end at two dashes between white space", () => {
    assert.deepEqual(readArgumentText("a -- b=1  c ").afterDashes, "b=1  c ");
    assert.equal(readArgumentText("a --").afterDashes, "");
    assert.equal(readArgumentText("a --b --=c").afterDashes, null);
    assert.equal(cut("a -- b").length, 1);
  });

  test("are joined so that they split into the same words again", () => {
    const text = argumentText(["a=1", "b=two words", 'c="as it is"', "d", "e=f=g h"]);
    assert.equal(text, 'a=1 b="two words" c="as it is" d e="f=g h"');
    assert.deepEqual(cut(text)[1], ["b", "two words"]);
  });

  test("name a parameter with dashes for underscores", () => {
    assert.ok(sameParameter("a_b_c", "a-b_c"));
    assert.ok(!sameParameter("a_b", "a_bc"));
  });
});
