// Tests a refusal's text: the kernel's lines first, word for word, then insmod's line, then the explanation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PLAIN } from "../../src/report/paint.ts";
import { refusalText } from "../../src/report/refusal-text.ts";

test("a refusal has the kernel's lines, the errno and the explanation, in that order", () => {
  const dmesg = ["x: Unknown symbol a (err -2)", "x: Unknown symbol b (err -2)"];
  assert.equal(
    refusalText({ errno: "ENOENT", dmesg, explanation: "load a first" }, PLAIN),
    "x: Unknown symbol a (err -2)\nx: Unknown symbol b (err -2)\n" +
      "ENOENT (insmod: Unknown symbol in module)\nload a first\n",
  );
});

test("missing parts leave no line", () => {
  assert.equal(refusalText({ errno: null, dmesg: [], explanation: "why" }, PLAIN), "why\n");
  assert.equal(refusalText({ errno: "ENOMEM", dmesg: [], explanation: "" }, PLAIN), "ENOMEM\n");
});
