// Tests what is said of the pointer behind a fault: in the register that the instruction names, and only if the address
// that faulted is what the register and the offset make.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assemble } from "../../src/isa/assemble.ts";
import { badPointerText } from "../../src/processor/bad-pointer.ts";

const PC = 0xc0000010;
const A0 = 4;

function said(name: "lw" | "sw" | "lbu", base: number, offset: number): string {
  const word = assemble(name, 2, offset, A0);
  const registers = Array.from({ length: 32 }, (_, index) => (index === A0 ? base : 1));
  return badPointerText(word, PC, registers, (base + offset) >>> 0);
}

test("a fault's pointer is named in a kernel developer's words", () => {
  assert.match(
    said("lw", 0, 0x1c),
    /a NULL pointer dereference at member offset 0x1c: a0 is NULL$/,
  );
  assert.match(
    said("sw", 0x18, 4),
    /at member offset 0x4: a0 is 0x00000018, in a structure at NULL$/,
  );
  assert.match(
    said("lbu", 2 ** 32 - 12, 8),
    /a0 is an error pointer, -12 \(ENOMEM\); a load at member offset 0x8$/,
  );
  assert.match(said("lw", 0x6b6b6b6b, 1), /POISON_FREE: the object was freed before/);
  assert.match(said("sw", 0x100, 4), /LIST_POISON1/);
  assert.match(
    said("sw", 0x12345678, -4),
    /a bad pointer: a0 is 0x12345678; a store at member offset -0x4$/,
  );
});

test("nothing is said where nothing is known", () => {
  const registers = new Array<number>(32).fill(0);
  assert.equal(badPointerText(null, PC, registers, 0), "");
  assert.equal(badPointerText(assemble("addu", 2, 4, 5), PC, registers, 0), "");
  assert.equal(badPointerText(assemble("lw", 2, 8, A0), PC, registers, 0x1000), "");
  assert.match(badPointerText(null, 0, registers, 0), /a call of a NULL function pointer/);
  assert.match(badPointerText(null, 0x7000, registers, 0x7000), /a jump to where no code is/);
});
