// A load's or store's way to memory, as WebAssembly for translated code. EMIT_ACCESS, which is the host's choice,
// says which: through the page tables, or through a window of guest addresses whose place in memory is known.
// What the guards don't admit is left to the exact reading; a store that may hit code calls storeBesideCode() first.
// Registers and the shifts of unaligned accesses are emit.ts's.
import {
  ACCESS_CHECKED,
  ACCESS_WINDOW,
  EMIT_ACCESS,
  EMIT_WINDOW_OFFSET,
  EMIT_WINDOW_SIZE,
  EMIT_WINDOW_START,
  LOCAL_A,
  LOCAL_ADDRESS,
  LOCAL_B,
  LOCAL_ENTRY,
} from "../shared/emitted-code.ts";
import { RAM, READ_TABLE, WRITE_TABLE } from "../shared/memory-map.ts";
import {
  CALL,
  ELSE,
  END,
  I32_ADD,
  I32_AND,
  I32_EQZ,
  I32_GE_U,
  I32_LOAD,
  I32_OR,
  I32_ROTR,
  I32_SHL,
  I32_SHR_U,
  I32_STORE,
  I32_XOR,
} from "../shared/wasm-opcodes.ts";
import { Code } from "./code-writer.ts";
import { Guard } from "./guard-code.ts";

/** storeBesideCode() is the first function that a translated module imports from here. */
const STORE_BESIDE_CODE: u32 = 0;

@final
export class AccessCode {
  /** On the stack: an address. Leaves what is loaded from there. */
  static load(opcode: u32, log2: u32, flip: u32): void {
    AccessCode.find(log2, flip, false);
    Code.memory(opcode, log2, AccessCode.offset());
  }

  /** On the stack: an address. Leaves the word that it is in; A = the bits of the word above or below that byte. */
  static loadWord(above: bool): void {
    AccessCode.findWord(above, false);
    Code.memory(I32_LOAD, 2, AccessCode.offset());
  }

  /** On the stack: address, value. Stores it. */
  static store(opcode: u32, log2: u32, flip: u32): void {
    Code.set(LOCAL_B);
    if (load<u32>(EMIT_ACCESS) === ACCESS_CHECKED) {
      AccessCode.storeChecked(opcode, log2, flip);
      return;
    }
    AccessCode.find(log2, flip, true);
    Code.get(LOCAL_B);
    Code.memory(opcode, log2, AccessCode.offset());
  }

  /** Where the page doesn't admit the store, because of code or for another reason, storeBesideCode() is called. */
  static storeChecked(opcode: u32, log2: u32, flip: u32): void {
    Code.set(LOCAL_ADDRESS);
    AccessCode.isBarred((1 << log2) - 1, true);
    Code.if();
    Guard.begin();
    Code.get(LOCAL_ADDRESS);
    Code.get(LOCAL_B);
    Code.constant(log2);
    Code.index(CALL, STORE_BESIDE_CODE);
    Code.op(I32_EQZ);
    Guard.leave(1);
    Code.op(ELSE);
    AccessCode.flipped(flip);
    Code.get(LOCAL_ENTRY);
    Code.op(I32_ADD);
    Code.get(LOCAL_B);
    Code.memory(opcode, log2, RAM - 1);
    Code.op(END);
  }

  /** On the stack: address, value. Stores the value's part that the shift leaves into the word around the address. */
  static storePart(above: bool, shift: u32): void {
    Code.set(LOCAL_B);
    AccessCode.findWord(above, true);
    Code.set(LOCAL_ADDRESS);
    Code.get(LOCAL_ADDRESS);
    Code.get(LOCAL_B);
    Code.get(LOCAL_A);
    Code.op(shift);
    Code.get(LOCAL_ADDRESS);
    Code.memory(I32_LOAD, 2, AccessCode.offset());
    Code.constant(0xffffffff);
    Code.get(LOCAL_A);
    Code.op(shift);
    AccessCode.merge();
    Code.memory(I32_STORE, 2, AccessCode.offset());
  }

  /** From a guest address on the stack to what offset() completes, once guards have found it good. */
  static find(log2: u32, flip: u32, write: bool): void {
    if (load<u32>(EMIT_ACCESS) === ACCESS_WINDOW) {
      Code.constant(0 - load<u32>(EMIT_WINDOW_START));
      Code.op(I32_ADD);
      Code.set(LOCAL_ADDRESS);
      if (load<u32>(EMIT_WINDOW_SIZE) !== 0) AccessCode.isInWindow(log2);
      AccessCode.flipped(flip);
    } else {
      Code.set(LOCAL_ADDRESS);
      AccessCode.findPage((1 << log2) - 1, write);
      AccessCode.flipped(flip);
      Code.get(LOCAL_ENTRY);
      Code.op(I32_ADD);
    }
  }

  /** A guard on ADDRESS, which counts from the window's start. */
  static isInWindow(log2: u32): void {
    const size = load<u32>(EMIT_WINDOW_SIZE);
    Guard.begin();
    Code.get(LOCAL_ADDRESS);
    if ((size & (size - 1)) === 0) {
      // One of these bits is set in an address past the window, or in a misaligned one.
      Code.constant((0 - size) | ((1 << log2) - 1));
      Code.op(I32_AND);
    } else {
      if (log2 !== 0) {
        // Rotated, a misaligned address is past any window.
        Code.constant(log2);
        Code.op(I32_ROTR);
      }
      Code.constant(size >>> log2);
      Code.op(I32_GE_U);
    }
    Guard.leave();
  }

  /** The same as find() for the word around the address; A = the number of bits above or below the addressed byte. */
  static findWord(above: bool, write: bool): void {
    Code.set(LOCAL_ADDRESS);
    Code.get(LOCAL_ADDRESS);
    if (above) {
      Code.constant(0xffffffff);
      Code.op(I32_XOR);
    }
    Code.constant(3);
    Code.op(I32_AND);
    Code.constant(3);
    Code.op(I32_SHL);
    Code.set(LOCAL_A);
    Code.get(LOCAL_ADDRESS);
    Code.constant(~3);
    Code.op(I32_AND);
    AccessCode.find(2, 0, write);
  }

  /** A guard on the page of ADDRESS, whose entry becomes ENTRY. */
  static findPage(mask: u32, write: bool): void {
    Guard.begin();
    AccessCode.isBarred(mask, write);
    Guard.leave();
  }

  /** Leaves on the stack whether Pages.admits() would not admit ADDRESS; ENTRY = its page's entry. */
  static isBarred(mask: u32, write: bool): void {
    Code.get(LOCAL_ADDRESS);
    Code.constant(12);
    Code.op(I32_SHR_U);
    Code.constant(2);
    Code.op(I32_SHL);
    Code.memory(I32_LOAD, 2, write ? WRITE_TABLE : READ_TABLE);
    Code.set(LOCAL_ENTRY);
    Code.get(LOCAL_ADDRESS);
    Code.constant(mask);
    Code.op(I32_AND);
    Code.get(LOCAL_ENTRY);
    Code.constant(1);
    Code.op(I32_AND);
    Code.op(I32_GE_U);
  }

  static flipped(flip: u32): void {
    Code.get(LOCAL_ADDRESS);
    if (flip !== 0) {
      Code.constant(flip);
      Code.op(I32_XOR);
    }
  }

  /** The access's constant offset; a page's entry carries 1 too much. */
  static offset(): u32 {
    return load<u32>(EMIT_ACCESS) === ACCESS_WINDOW ? load<u32>(EMIT_WINDOW_OFFSET) : RAM - 1;
  }

  /** ADDRESS in its page, for an access that adds RAM - 1. */
  static place(): void {
    Code.get(LOCAL_ADDRESS);
    Code.get(LOCAL_ENTRY);
    Code.op(I32_ADD);
  }

  /** On the stack: new bits, old value, a mask of the new bits. */
  static merge(): void {
    Code.constant(0xffffffff);
    Code.op(I32_XOR);
    Code.op(I32_AND);
    Code.op(I32_OR);
  }
}
