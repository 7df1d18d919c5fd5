// The definitions of instructions in assembly/instructions/ distinguish a whole register from its low word, so that a
// 64-bit processor can use the same text. This test compiles some of them with asc over two classes of operations,
// one with 32-bit registers and one with 64-bit registers, and a doubleword instruction that only the second class
// has, and runs both. The package contains neither class.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { repositoryFile } from "../support/repository.ts";

const ENTRY = "assembly/registers-of-two-widths.ts";
const PROGRAM = `
import { addiu, addu, slt, sltiu } from "./instructions/arithmetic";
import { and, nor, xori } from "./instructions/logic";
import { rd, rs, rt } from "./instructions/fields";
import { sll, sra } from "./instructions/shifts";

@unmanaged class Words {
  @inline add(a: u32, b: u32): u32 { return a + b; }
  @inline constant(value: u32): u32 { return value; }
  @inline shiftLeft(a: u32, by: u32): u32 { return a << by; }
  @inline shiftRightSigned(a: u32, by: u32): u32 { return <u32>(<i32>a >> by); }
  @inline and<R>(a: R, b: R): R { return a & b; }
  @inline or<R>(a: R, b: R): R { return a | b; }
  @inline xor<R>(a: R, b: R): R { return a ^ b; }
}

@unmanaged @final class Registers32 extends Words {
  @inline get(register: u32): u32 { return load<u32>(register); }
  @inline set(register: u32, value: u32): u32 { store<u32>(register, value); return 0; }
  @inline getWord(register: u32): u32 { return this.get(register); }
  @inline setWord(register: u32, word: u32): u32 { return this.set(register, word); }
  @inline extend(word: u32): u32 { return word; }
  @inline flag(condition: u32): u32 { return condition; }
  @inline less(a: u32, b: u32): u32 { return u32(<i32>a < <i32>b); }
  @inline lessUnsigned(a: u32, b: u32): u32 { return u32(a < b); }
}

@unmanaged @final class Registers64 extends Words {
  @inline get(register: u32): u64 { return load<u64>(register << 1); }
  @inline set(register: u32, value: u64): u32 { store<u64>(register << 1, value); return 0; }
  @inline getWord(register: u32): u32 { return <u32>this.get(register); }
  @inline setWord(register: u32, word: u32): u32 { return this.set(register, this.extend(word)); }
  @inline extend(word: u32): u64 { return <u64>(<i64>(<i32>word)); }
  @inline flag(condition: u32): u64 { return <u64>condition; }
  @inline less(a: u64, b: u64): u32 { return u32(<i64>a < <i64>b); }
  @inline lessUnsigned(a: u64, b: u64): u32 { return u32(a < b); }
  @inline addDouble(a: u64, b: u64): u64 { return a + b; }
}

function daddu<O>(o: O, word: u32): u32 {
  return o.set(rd(word), o.addDouble(o.get(rs(word)), o.get(rt(word))));
}

const narrow = changetype<Registers32>(0);
const wide = changetype<Registers64>(0);

export function addu32(word: u32): u32 { return addu(narrow, word); }
export function addu64(word: u32): u32 { return addu(wide, word); }
export function addiu64(word: u32): u32 { return addiu(wide, word); }
export function slt32(word: u32): u32 { return slt(narrow, word); }
export function slt64(word: u32): u32 { return slt(wide, word); }
export function sltiu64(word: u32): u32 { return sltiu(wide, word); }
export function and32(word: u32): u32 { return and(narrow, word); }
export function and64(word: u32): u32 { return and(wide, word); }
export function nor64(word: u32): u32 { return nor(wide, word); }
export function xori64(word: u32): u32 { return xori(wide, word); }
export function sll64(word: u32): u32 { return sll(wide, word); }
export function sra64(word: u32): u32 { return sra(wide, word); }
export function daddu64(word: u32): u32 { return daddu(wide, word); }
`;

/** rd = v0, rs = a0, rt = a1, sa = 4; as an immediate the low half is 0x1100. */
const R_TYPE = (4 << 21) | (5 << 16) | (2 << 11) | (4 << 6);
/** rs = a0, rt = v0, and an immediate. */
const immediate = (value: number) => (4 << 21) | (2 << 16) | (value & 0xffff);

interface Compiled {
  readonly memory: WebAssembly.Memory;
  readonly text: string;
  readonly functions: Readonly<Record<string, (word: number) => number>>;
}

/**
 * The part of asc that this uses. asc's own types declare AssemblyScript's globals, which this program doesn't have.
 */
interface Asc {
  main(
    options: readonly string[],
    files: {
      readFile(name: string, base: string): string | null;
      writeFile(name: string, contents: Uint8Array<ArrayBuffer> | string): void;
      listFiles(): string[];
    },
  ): Promise<{ error: Error | null; stderr: object }>;
}

async function compile(): Promise<Compiled> {
  const name: string = "assemblyscript/asc";
  const { default: asc } = (await import(name)) as { default: Asc };
  let binary: Uint8Array<ArrayBuffer> | undefined;
  let text = "";
  const arguments_ = [ENTRY, "--outFile", "out.wasm", "--textFile", "out.wat", "--noAssert"];
  const { error, stderr } = await asc.main(
    [...arguments_, "-O3", "--runtime", "stub", "--use", "BIG_ENDIAN=0", "--initialMemory", "1"],
    {
      readFile: (name, base) => {
        if (name === ENTRY) return PROGRAM;
        if (name.endsWith("asconfig.json")) return null;
        try {
          return readFileSync(join(repositoryFile("."), base, name), "utf8");
        } catch {
          return null;
        }
      },
      writeFile: (name, contents) => {
        if (typeof contents === "string") text = contents;
        else if (name.endsWith(".wasm")) binary = contents;
      },
      listFiles: () => [],
    },
  );
  assert.equal(error, null, stderr.toString());
  assert.ok(binary !== undefined);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary));
  const { memory, ...functions } = exports;
  return {
    memory: memory as WebAssembly.Memory,
    text,
    functions: functions as Compiled["functions"],
  };
}

suite("instructions over registers of two widths", () => {
  let compiled: Compiled;
  before(async () => {
    compiled = await compile();
  });

  /** Returns v0 after an instruction over a0 and a1. */
  function run(name: string, a0: bigint, a1: bigint, word = R_TYPE): bigint {
    const { memory, functions } = compiled;
    const view = new DataView(memory.buffer);
    const wide = name.endsWith("64");
    const put = (register: number, value: bigint) =>
      wide
        ? view.setBigUint64(register * 8, BigInt.asUintN(64, value), true)
        : view.setUint32(register * 4, Number(BigInt.asUintN(32, value)), true);
    put(4, a0);
    put(5, a1);
    const instruction = functions[name];
    assert.ok(instruction !== undefined);
    instruction(word);
    return wide ? view.getBigUint64(16, true) : BigInt(view.getUint32(8, true));
  }

  test("addu operates on words, and sign-extends", () => {
    assert.equal(run("addu32", 0x7fffffffn, 1n), 0x80000000n);
    assert.equal(run("addu64", 0x7fffffffn, 1n), 0xffffffff80000000n);
    assert.equal(run("addu64", 0x1_ffffffffn, 1n), 0n);
    assert.equal(run("addiu64", 0n, 0n, immediate(-1)), 0xffffffffffffffffn);
  });

  test("daddu operates on registers", () => {
    assert.equal(run("daddu64", 0x7fffffffn, 1n), 0x80000000n);
    assert.equal(run("daddu64", 0xffffffffn, 1n), 0x100000000n);
  });

  test("slt compares registers", () => {
    assert.equal(run("slt32", 0xffffffffn, 1n), 1n);
    assert.equal(run("slt64", 0xffffffffn, 1n), 0n);
    assert.equal(run("slt64", -1n, 1n), 1n);
    assert.equal(run("sltiu64", 0xffffffffn, 0n, immediate(-1)), 1n);
    assert.equal(run("sltiu64", -1n, 0n, immediate(-1)), 0n);
  });

  test("logical operations operate on registers, with immediates of 16 bits", () => {
    assert.equal(run("and32", 0xff00ff00n, 0x0ff00ff0n), 0x0f000f00n);
    assert.equal(run("and64", 0xff00_00000000n, 0x0ff0_00000000n), 0x0f00_00000000n);
    assert.equal(run("nor64", 0n, 0n), 0xffffffffffffffffn);
    assert.equal(run("xori64", 0n, 0n, immediate(0xffff)), 0xffffn);
  });

  test("shifts operate on words", () => {
    assert.equal(run("sll64", 0n, 0x1_08000000n), 0xffffffff80000000n);
    assert.equal(run("sra64", 0n, 0x7_80000000n), 0xfffffffff8000000n);
  });

  test("the compiled instructions contain no call: the classes are inlined", () => {
    const bodies = compiled.text.split("\n (func ").slice(1);
    assert.ok(bodies.length >= 13);
    assert.deepEqual(
      bodies.filter((body) => /\bcall(_indirect)? /.test(body)).map((body) => body.split(" ")[0]),
      [],
    );
  });
});
