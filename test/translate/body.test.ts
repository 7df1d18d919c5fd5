// Tests that the encoder refuses, when it is written, anything that would make an invalid module, and that an
// unfinished body has no bytes. What it accepts, WebAssembly accepts.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CALL,
  I32_ADD,
  I32_CONST,
  I64_ADD,
  I64_CONST,
} from "../../assembly/shared/wasm-opcodes.ts";
import { Body, type FunctionType } from "../../src/translate/encoder/body.ts";

const TYPE: FunctionType = { parameters: ["i", "i"], results: ["i"] };

function write(code: (body: Body) => void): () => void {
  return () => {
    const body = new Body(TYPE, ["l"], [TYPE], [TYPE]);
    code(body);
    body.finish(2);
  };
}

const REFUSED: readonly (readonly [string, RegExp, (body: Body) => void])[] = [
  ["nothing on the stack at the end", /finds no operand/, () => {}],
  ["operands left behind", /leaves operands behind/, (body) => [0, 0].map(() => body.get(0))],
  [
    "an operand of another type",
    /i32\.add takes i, not l/,
    (body) => {
      body.get(0);
      body.get(2);
      body.op(I32_ADD);
    },
  ],
  [
    "too few operands",
    /finds no operand/,
    (body) => {
      body.op(I64_CONST, 1);
      body.op(I64_ADD);
    },
  ],
  ["a local that isn't there", /no local 3/, (body) => body.get(3)],
  [
    "a set of another type",
    /local\.set takes l, not i/,
    (body) => {
      body.get(0);
      body.set(2);
    },
  ],
  ["an opcode that isn't known", /opcode ffff is not known/, (body) => body.op(0xffff)],
  [
    "an open block",
    /1 blocks are open/,
    (body) => {
      body.block();
      body.get(0);
    },
  ],
  ["an end without a block", /end without a block/, (body) => body.end()],
  [
    "an else without an if",
    /else without if/,
    (body) => {
      body.block();
      body.else();
    },
  ],
  [
    "a branch to a block that is closed",
    /label that is closed/,
    (body) => {
      const label = body.block();
      body.end();
      body.br(label);
    },
  ],
  [
    "a branch without the value it carries",
    /finds no operand/,
    (body) => {
      const label = body.block("i");
      body.br(label);
    },
  ],
  [
    "a table of labels that take values",
    /takes a value/,
    (body) => {
      const label = body.block("i");
      body.get(0);
      body.get(0);
      body.brTable([label]);
    },
  ],
  [
    "a table without labels",
    /without a label/,
    (body) => {
      body.get(0);
      body.brTable([]);
    },
  ],
  ["a call of nothing", /function that isn't there/, (body) => body.call(7)],
  ["an if without a condition", /if finds no operand/, (body) => body.if()],
  [
    "bytes of somebody else's that don't fit",
    /takes i, not l/,
    (body) => {
      body.op(I32_CONST, 1);
      body.op(I64_CONST, 1);
      body.append(Uint8Array.of(I32_ADD));
    },
  ],
  ["bytes that end in the middle", /./, (body) => body.append(Uint8Array.of(CALL))],
];

for (const [what, why, code] of REFUSED) {
  test(`refuses ${what}`, () => {
    assert.throws(write(code), why);
  });
}

test("after a branch that is always taken, any operand is accepted", () => {
  assert.doesNotThrow(
    write((body) => {
      body.get(0);
      body.return();
      body.op(I32_ADD);
    }),
  );
});
