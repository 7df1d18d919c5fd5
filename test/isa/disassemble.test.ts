// Compares the disassembler with the recorded output of binutils (golden.txt), and tests farjal's own features.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  SPECIAL2_HYPERCALL,
  SPECIAL2_TRACE_CALL,
  SPECIAL2_TRACE_ENTER,
  SPECIAL2_TRACE_SITE,
} from "../../assembly/shared/opcodes.ts";
import { disassemble } from "../../src/isa/disassemble.ts";
import { instruction } from "../../src/isa/table.ts";
import { readGolden } from "./golden.ts";

const JAL = instruction("jal").match;
const UDI = instruction("mul").match & 0xfc00_0000;

describe("disassemble", () => {
  it("prints what objdump prints", () => {
    for (const { address, word, plain, aliased } of readGolden()) {
      assert.equal(disassemble(word, address, { aliases: false }).replace("\t", " "), plain);
      assert.equal(disassemble(word, address).replace("\t", " "), aliased);
    }
  });

  it("computes a jump's region from its delay slot", () => {
    assert.equal(disassemble(JAL | 0x40, 0xcfff_fff8), "jal\t0xc0000100");
    assert.equal(disassemble(JAL | 0x40, 0xcfff_fffc), "jal\t0xd0000100");
    assert.equal(disassemble(JAL | 0x40, 0xffff_fffc), "jal\t0x100");
  });

  it("names a target when the caller provides names", () => {
    const symbol = (address: number) => (address === 0xc000_0100 ? "printk+0x8" : undefined);
    assert.equal(disassemble(JAL | 0x40, 0xc000_0000, { symbol }), "jal\tc0000100 <printk+0x8>");
    assert.equal(disassemble(JAL | 0x41, 0xc000_0000, { symbol }), "jal\t0xc0000104");
  });

  it("knows farjal's own words only when requested", () => {
    const hypercall = UDI | (0x1234 << 6) | SPECIAL2_HYPERCALL;
    assert.equal(disassemble(hypercall, 0), ".word\t0x70048d11");
    assert.equal(disassemble(hypercall, 0, { farjalWords: true }), "farjal.hypercall\t0x1234");
    assert.equal(
      disassemble(UDI | SPECIAL2_TRACE_SITE, 0, { farjalWords: true }),
      "farjal.trace_site\t0x0",
    );
    assert.equal(
      disassemble(UDI | SPECIAL2_TRACE_CALL, 0, { farjalWords: true }),
      "farjal.trace_call\t0x0",
    );
    assert.equal(
      disassemble(UDI | (0xffff << 6) | SPECIAL2_TRACE_ENTER, 0, { farjalWords: true }),
      "farjal.trace_enter\t0xffff",
    );
  });
});
