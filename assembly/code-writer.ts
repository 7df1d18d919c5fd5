// WebAssembly code as bytes, written one after the other at EMITTED. It knows numbers and opcodes, neither
// instructions of MIPS nor whether what is written makes sense: the host checks every piece it takes
// (src/translate/body.ts). A piece that gets too long is cut off and told so.

import { EMITTED, EMITTED_SIZE } from "./layout.ts";

export const IF_VOID: u32 = 0x4004; // if, with its empty block type
export const ELSE: u32 = 0x05;
export const END: u32 = 0x0b;
export const BR_IF: u32 = 0x0d;
export const CALL: u32 = 0x10;
export const DROP: u32 = 0x1a;
export const SELECT: u32 = 0x1b;
export const LOCAL_GET: u32 = 0x20;
export const LOCAL_SET: u32 = 0x21;
export const LOCAL_TEE: u32 = 0x22;
export const I32_LOAD: u32 = 0x28;
export const I64_LOAD: u32 = 0x29;
export const I32_LOAD8_S: u32 = 0x2c;
export const I32_LOAD8_U: u32 = 0x2d;
export const I32_LOAD16_S: u32 = 0x2e;
export const I32_LOAD16_U: u32 = 0x2f;
export const I32_STORE: u32 = 0x36;
export const I64_STORE: u32 = 0x37;
export const I32_STORE8: u32 = 0x3a;
export const I32_STORE16: u32 = 0x3b;
export const I32_CONST: u32 = 0x41;
export const I64_CONST: u32 = 0x42;
export const I32_EQZ: u32 = 0x45;
export const I32_EQ: u32 = 0x46;
export const I32_NE: u32 = 0x47;
export const I32_LT_S: u32 = 0x48;
export const I32_LT_U: u32 = 0x49;
export const I32_GE_S: u32 = 0x4e;
export const I32_GE_U: u32 = 0x4f;
export const I64_NE: u32 = 0x52;
export const I32_CLZ: u32 = 0x67;
export const I32_ADD: u32 = 0x6a;
export const I32_SUB: u32 = 0x6b;
export const I32_MUL: u32 = 0x6c;
export const I32_DIV_S: u32 = 0x6d;
export const I32_DIV_U: u32 = 0x6e;
export const I32_REM_S: u32 = 0x6f;
export const I32_REM_U: u32 = 0x70;
export const I32_AND: u32 = 0x71;
export const I32_OR: u32 = 0x72;
export const I32_XOR: u32 = 0x73;
export const I32_SHL: u32 = 0x74;
export const I32_SHR_S: u32 = 0x75;
export const I32_SHR_U: u32 = 0x76;
export const I32_ROTR: u32 = 0x78;
export const I64_ADD: u32 = 0x7c;
export const I64_SUB: u32 = 0x7d;
export const I64_MUL: u32 = 0x7e;
export const I64_OR: u32 = 0x84;
export const I64_SHL: u32 = 0x86;
export const I64_SHR_U: u32 = 0x88;
export const I32_WRAP_I64: u32 = 0xa7;
export const I64_EXTEND_I32_S: u32 = 0xac;
export const I64_EXTEND_I32_U: u32 = 0xad;
export const I32_EXTEND8_S: u32 = 0xc0;
export const I32_EXTEND16_S: u32 = 0xc1;
export const I64_ATOMIC_STORE: u32 = 0x18fe;

let length: u32 = 0;

@final
export class Code {
  static begin(): void {
    length = 0;
  }

  /** Bytes written; more than EMITTED_SIZE when they didn't fit. */
  static get length(): u32 {
    return length;
  }

  /** An opcode: one byte, or two with the first one low. */
  static op(opcode: u32): void {
    Code.byte(opcode);
    if (opcode > 0xff) Code.byte(opcode >>> 8);
  }

  /** An opcode with an index behind it: of a local, a label, a function. */
  static index(opcode: u32, index: u32): void {
    Code.op(opcode);
    Code.unsigned(index);
  }

  static constant(value: u32): void {
    Code.op(I32_CONST);
    Code.signed(<i32>value);
  }

  /** A load or store: its address is on the stack, `offset` is added without wrapping. */
  static memory(opcode: u32, log2Alignment: u32, offset: u32): void {
    Code.op(opcode);
    Code.unsigned(log2Alignment);
    Code.unsigned(offset);
  }

  static unsigned(value: u32): void {
    while (value >= 0x80) {
      Code.byte(value | 0x80);
      value >>>= 7;
    }
    Code.byte(value);
  }

  static signed(value: i32): void {
    while (value < -0x40 || value >= 0x40) {
      Code.byte(value | 0x80);
      value >>= 7;
    }
    Code.byte(value & 0x7f);
  }

  static byte(value: u32): void {
    if (length < <u32>EMITTED_SIZE) store<u8>(length, value, EMITTED);
    length++;
  }
}
