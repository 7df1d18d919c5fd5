// The WebAssembly opcodes that translated code computes with: their immediates, and the operands that they pop and
// push. From the core specification's tables. body.ts encodes and checks instructions by this table; the opcodes'
// numbers are in assembly/shared/wasm-opcodes.ts.

import {
  I32_ADD,
  I32_AND,
  I32_CLZ,
  I32_CONST,
  I32_DIV_S,
  I32_DIV_U,
  I32_EQ,
  I32_EQZ,
  I32_EXTEND8_S,
  I32_EXTEND16_S,
  I32_GE_S,
  I32_GE_U,
  I32_GT_S,
  I32_GT_U,
  I32_LOAD,
  I32_LOAD8_S,
  I32_LOAD8_U,
  I32_LOAD16_S,
  I32_LOAD16_U,
  I32_LT_S,
  I32_LT_U,
  I32_MUL,
  I32_NE,
  I32_OR,
  I32_REM_S,
  I32_REM_U,
  I32_ROTR,
  I32_SHL,
  I32_SHR_S,
  I32_SHR_U,
  I32_STORE,
  I32_STORE8,
  I32_STORE16,
  I32_SUB,
  I32_WRAP_I64,
  I32_XOR,
  I64_ADD,
  I64_ATOMIC_STORE,
  I64_CONST,
  I64_EXTEND_I32_S,
  I64_EXTEND_I32_U,
  I64_LOAD,
  I64_MUL,
  I64_NE,
  I64_OR,
  I64_ROTL,
  I64_SHL,
  I64_SHR_U,
  I64_STORE,
  I64_SUB,
} from "../../../assembly/shared/wasm-opcodes.ts";

/** Value types by their letter in signatures and their byte in the binary format. */
export const TYPE_BYTES = { i: 0x7f, l: 0x7e } as const;
export type ValueType = keyof typeof TYPE_BYTES;

/** What follows an opcode in the code. */
export type Immediate = "none" | "index" | "i32" | "i64" | "memory";

export interface Opcode {
  readonly name: string;
  readonly immediate: Immediate;
  /** The topmost operand first. */
  readonly takes: readonly ValueType[];
  readonly leaves: readonly ValueType[];
}

function opcode(name: string, signature: string, immediate: Immediate = "none"): Opcode {
  const [takes = "", leaves = ""] = signature.split(">");
  return {
    name,
    immediate,
    takes: [...takes].reverse() as ValueType[],
    leaves: [...leaves] as ValueType[],
  };
}

/** Opcodes that only compute; body.ts itself encodes control flow, calls and locals. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map([
  [I32_LOAD, opcode("i32.load", "i>i", "memory")],
  [I64_LOAD, opcode("i64.load", "i>l", "memory")],
  [I32_LOAD8_S, opcode("i32.load8_s", "i>i", "memory")],
  [I32_LOAD8_U, opcode("i32.load8_u", "i>i", "memory")],
  [I32_LOAD16_S, opcode("i32.load16_s", "i>i", "memory")],
  [I32_LOAD16_U, opcode("i32.load16_u", "i>i", "memory")],
  [I32_STORE, opcode("i32.store", "ii>", "memory")],
  [I64_STORE, opcode("i64.store", "il>", "memory")],
  [I32_STORE8, opcode("i32.store8", "ii>", "memory")],
  [I32_STORE16, opcode("i32.store16", "ii>", "memory")],
  [I32_CONST, opcode("i32.const", ">i", "i32")],
  [I64_CONST, opcode("i64.const", ">l", "i64")],
  [I32_EQZ, opcode("i32.eqz", "i>i")],
  [I32_EQ, opcode("i32.eq", "ii>i")],
  [I32_NE, opcode("i32.ne", "ii>i")],
  [I32_LT_S, opcode("i32.lt_s", "ii>i")],
  [I32_LT_U, opcode("i32.lt_u", "ii>i")],
  [I32_GT_S, opcode("i32.gt_s", "ii>i")],
  [I32_GT_U, opcode("i32.gt_u", "ii>i")],
  [I32_GE_S, opcode("i32.ge_s", "ii>i")],
  [I32_GE_U, opcode("i32.ge_u", "ii>i")],
  [I64_NE, opcode("i64.ne", "ll>i")],
  [I32_CLZ, opcode("i32.clz", "i>i")],
  [I32_ADD, opcode("i32.add", "ii>i")],
  [I32_SUB, opcode("i32.sub", "ii>i")],
  [I32_MUL, opcode("i32.mul", "ii>i")],
  [I32_DIV_S, opcode("i32.div_s", "ii>i")],
  [I32_DIV_U, opcode("i32.div_u", "ii>i")],
  [I32_REM_S, opcode("i32.rem_s", "ii>i")],
  [I32_REM_U, opcode("i32.rem_u", "ii>i")],
  [I32_AND, opcode("i32.and", "ii>i")],
  [I32_OR, opcode("i32.or", "ii>i")],
  [I32_XOR, opcode("i32.xor", "ii>i")],
  [I32_SHL, opcode("i32.shl", "ii>i")],
  [I32_SHR_S, opcode("i32.shr_s", "ii>i")],
  [I32_SHR_U, opcode("i32.shr_u", "ii>i")],
  [I32_ROTR, opcode("i32.rotr", "ii>i")],
  [I64_ADD, opcode("i64.add", "ll>l")],
  [I64_SUB, opcode("i64.sub", "ll>l")],
  [I64_MUL, opcode("i64.mul", "ll>l")],
  [I64_OR, opcode("i64.or", "ll>l")],
  [I64_SHL, opcode("i64.shl", "ll>l")],
  [I64_SHR_U, opcode("i64.shr_u", "ll>l")],
  [I64_ROTL, opcode("i64.rotl", "ll>l")],
  [I32_WRAP_I64, opcode("i32.wrap_i64", "l>i")],
  [I64_EXTEND_I32_S, opcode("i64.extend_i32_s", "i>l")],
  [I64_EXTEND_I32_U, opcode("i64.extend_i32_u", "i>l")],
  [I32_EXTEND8_S, opcode("i32.extend8_s", "i>i")],
  [I32_EXTEND16_S, opcode("i32.extend16_s", "i>i")],
  [I64_ATOMIC_STORE, opcode("i64.atomic.store", "il>", "memory")],
]);
