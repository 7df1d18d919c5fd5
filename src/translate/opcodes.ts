// The WebAssembly opcodes that translated code consists of: their numbers, what follows them in the code and
// what they take from and leave on the stack. From the core specification's tables; body.ts writes by it
// and checks by it.

/** Value types by their letter in signatures and their byte in the binary format. */
export const TYPE_BYTES = { i: 0x7f, l: 0x7e } as const;
export type ValueType = keyof typeof TYPE_BYTES;

/** What stands behind an opcode. */
export type Immediate = "none" | "index" | "i32" | "i64" | "memory";

export interface Opcode {
  readonly name: string;
  readonly immediate: Immediate;
  readonly takes: readonly ValueType[];
  readonly leaves: readonly ValueType[];
}

export const UNREACHABLE = 0x00;
export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;
export const ELSE = 0x05;
export const END = 0x0b;
export const BR = 0x0c;
export const BR_IF = 0x0d;
export const BR_TABLE = 0x0e;
export const RETURN = 0x0f;
export const CALL = 0x10;
export const CALL_INDIRECT = 0x11;
export const DROP = 0x1a;
export const SELECT = 0x1b;
export const LOCAL_GET = 0x20;
export const LOCAL_SET = 0x21;
export const LOCAL_TEE = 0x22;
export const I32_LOAD = 0x28;
export const I32_STORE = 0x36;
export const I32_CONST = 0x41;
export const I64_CONST = 0x42;
export const I32_EQZ = 0x45;
export const I32_EQ = 0x46;
export const I32_NE = 0x47;
export const I32_LT_S = 0x48;
export const I32_GT_S = 0x4a;
export const I32_ADD = 0x6a;
export const I32_SUB = 0x6b;
export const I32_AND = 0x71;
export const I32_OR = 0x72;
export const I32_XOR = 0x73;
export const I32_SHL = 0x74;
export const I32_SHR_U = 0x76;
export const I32_ROTR = 0x78;
/** The byte before the atomic opcodes; they are named 0xfe00 + their number here. */
export const ATOMIC_PREFIX = 0xfe;
/** The empty block type. */
export const NO_RESULT = 0x40;

function opcode(name: string, signature: string, immediate: Immediate = "none"): Opcode {
  const [takes = "", leaves = ""] = signature.split(">");
  return {
    name,
    immediate,
    takes: [...takes] as ValueType[],
    leaves: [...leaves] as ValueType[],
  };
}

/** The ones that only compute; control, calls and locals are body.ts's own. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map([
  [I32_LOAD, opcode("i32.load", "i>i", "memory")],
  [0x29, opcode("i64.load", "i>l", "memory")],
  [0x2c, opcode("i32.load8_s", "i>i", "memory")],
  [0x2d, opcode("i32.load8_u", "i>i", "memory")],
  [0x2e, opcode("i32.load16_s", "i>i", "memory")],
  [0x2f, opcode("i32.load16_u", "i>i", "memory")],
  [I32_STORE, opcode("i32.store", "ii>", "memory")],
  [0x37, opcode("i64.store", "il>", "memory")],
  [0x3a, opcode("i32.store8", "ii>", "memory")],
  [0x3b, opcode("i32.store16", "ii>", "memory")],
  [I32_CONST, opcode("i32.const", ">i", "i32")],
  [I64_CONST, opcode("i64.const", ">l", "i64")],
  [I32_EQZ, opcode("i32.eqz", "i>i")],
  [I32_EQ, opcode("i32.eq", "ii>i")],
  [I32_NE, opcode("i32.ne", "ii>i")],
  [I32_LT_S, opcode("i32.lt_s", "ii>i")],
  [0x49, opcode("i32.lt_u", "ii>i")],
  [I32_GT_S, opcode("i32.gt_s", "ii>i")],
  [0x4e, opcode("i32.ge_s", "ii>i")],
  [0x4f, opcode("i32.ge_u", "ii>i")],
  [0x52, opcode("i64.ne", "ll>i")],
  [0x67, opcode("i32.clz", "i>i")],
  [I32_ADD, opcode("i32.add", "ii>i")],
  [I32_SUB, opcode("i32.sub", "ii>i")],
  [0x6c, opcode("i32.mul", "ii>i")],
  [0x6d, opcode("i32.div_s", "ii>i")],
  [0x6e, opcode("i32.div_u", "ii>i")],
  [0x6f, opcode("i32.rem_s", "ii>i")],
  [0x70, opcode("i32.rem_u", "ii>i")],
  [I32_AND, opcode("i32.and", "ii>i")],
  [I32_OR, opcode("i32.or", "ii>i")],
  [I32_XOR, opcode("i32.xor", "ii>i")],
  [I32_SHL, opcode("i32.shl", "ii>i")],
  [0x75, opcode("i32.shr_s", "ii>i")],
  [I32_SHR_U, opcode("i32.shr_u", "ii>i")],
  [I32_ROTR, opcode("i32.rotr", "ii>i")],
  [0x7c, opcode("i64.add", "ll>l")],
  [0x7d, opcode("i64.sub", "ll>l")],
  [0x7e, opcode("i64.mul", "ll>l")],
  [0x84, opcode("i64.or", "ll>l")],
  [0x86, opcode("i64.shl", "ll>l")],
  [0x88, opcode("i64.shr_u", "ll>l")],
  [0xa7, opcode("i32.wrap_i64", "l>i")],
  [0xac, opcode("i64.extend_i32_s", "i>l")],
  [0xad, opcode("i64.extend_i32_u", "i>l")],
  [0xc0, opcode("i32.extend8_s", "i>i")],
  [0xc1, opcode("i32.extend16_s", "i>i")],
  [0xfe18, opcode("i64.atomic.store", "il>", "memory")],
]);
