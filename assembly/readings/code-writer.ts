// WebAssembly code as bytes, written one after the other at EMITTED. It knows numbers and opcodes, neither
// instructions of MIPS nor whether what is written makes sense: the host checks every piece it takes
// (src/translate/encoder/body.ts). A piece that gets too long is cut off; `length` shows it.

import { EMITTED, EMITTED_SIZE } from "../shared/memory-map.ts";
import { I32_CONST, IF, LOCAL_GET, LOCAL_SET, NO_RESULT } from "../shared/wasm-opcodes.ts";

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

  /** An opcode: one byte, or two with the prefix in the high one. */
  static op(opcode: u32): void {
    if (opcode > 0xff) Code.byte(opcode >>> 8);
    Code.byte(opcode);
  }

  /** An if that leaves nothing on the stack. */
  static if(): void {
    Code.op(IF);
    Code.byte(NO_RESULT);
  }

  /** An opcode with an index behind it: of a local, a label, a function. */
  static index(opcode: u32, index: u32): void {
    Code.op(opcode);
    Code.unsigned(index);
  }

  @inline static get(local: u32): void {
    Code.index(LOCAL_GET, local);
  }

  @inline static set(local: u32): void {
    Code.index(LOCAL_SET, local);
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
