// The fast reading: what the interpreter's loop inlines. It does an instruction only if that needs nothing
// but registers and pages that are in the tables; for anything else (an exception, a page to be
// translated, CP0) it does nothing and returns EXIT, and the exact reading takes the instruction from its
// start. There is no call in it, which is what lets V8 keep the loop's state in machine registers; and an
// outcome other than NEXT is left in memory, not returned (Operations.leave says why).

import { cpu } from "../cpu/cpu.ts";
import { EXIT, NEXT } from "../cpu/outcome.ts";
import { mergeLeft, mergeRight, spreadLeft, spreadRight } from "../instructions/unaligned.ts";
import { Pages } from "../memory/pages.ts";
import { FAST, IN_SLOT, Operations } from "./operations.ts";

@unmanaged
@final
class Fast extends Operations {
  // Loads

  @inline load8(register: u32, va: u32): u32 {
    const page = Pages.readable(va);
    if (!Pages.admits(page, va, cpu.forbidden)) return this.leave(EXIT);
    return this.setWord(register, Pages.load8(page, va));
  }

  @inline load8s(register: u32, va: u32): u32 {
    const page = Pages.readable(va);
    if (!Pages.admits(page, va, cpu.forbidden)) return this.leave(EXIT);
    return this.setWord(register, Pages.load8s(page, va));
  }

  @inline load16(register: u32, va: u32): u32 {
    const page = Pages.readable(va);
    if (!Pages.admits(page, va, cpu.forbidden | 1)) return this.leave(EXIT);
    return this.setWord(register, Pages.load16(page, va));
  }

  @inline load16s(register: u32, va: u32): u32 {
    const page = Pages.readable(va);
    if (!Pages.admits(page, va, cpu.forbidden | 1)) return this.leave(EXIT);
    return this.setWord(register, Pages.load16s(page, va));
  }

  @inline load32(register: u32, va: u32): u32 {
    const page = Pages.readable(va);
    if (!Pages.admits(page, va, cpu.forbidden | 3)) return this.leave(EXIT);
    return this.setWord(register, Pages.load32(page, va));
  }

  @inline loadLeft(register: u32, va: u32): u32 {
    const page = Pages.readable(va);
    if (!Pages.admits(page, va, cpu.forbidden)) return this.leave(EXIT);
    return this.setWord(register, mergeLeft(this.getWord(register), Pages.load32(page, va & ~3), va));
  }

  @inline loadRight(register: u32, va: u32): u32 {
    const page = Pages.readable(va);
    if (!Pages.admits(page, va, cpu.forbidden)) return this.leave(EXIT);
    return this.setWord(register, mergeRight(this.getWord(register), Pages.load32(page, va & ~3), va));
  }

  @inline loadLinked(_register: u32, _va: u32): u32 {
    return this.leave(EXIT);
  }

  // Stores

  @inline store8(va: u32, value: u32): u32 {
    const page = Pages.writable(va);
    if (!Pages.admits(page, va, cpu.forbidden)) return this.leave(EXIT);
    Pages.store8(page, va, value);
    return NEXT;
  }

  @inline store16(va: u32, value: u32): u32 {
    const page = Pages.writable(va);
    if (!Pages.admits(page, va, cpu.forbidden | 1)) return this.leave(EXIT);
    Pages.store16(page, va, value);
    return NEXT;
  }

  @inline store32(va: u32, value: u32): u32 {
    const page = Pages.writable(va);
    if (!Pages.admits(page, va, cpu.forbidden | 3)) return this.leave(EXIT);
    Pages.store32(page, va, value);
    return NEXT;
  }

  @inline storeLeft(va: u32, value: u32): u32 {
    const page = Pages.writable(va);
    if (!Pages.admits(page, va, cpu.forbidden)) return this.leave(EXIT);
    Pages.store32(page, va & ~3, spreadLeft(Pages.load32(page, va & ~3), value, va));
    return NEXT;
  }

  @inline storeRight(va: u32, value: u32): u32 {
    const page = Pages.writable(va);
    if (!Pages.admits(page, va, cpu.forbidden)) return this.leave(EXIT);
    Pages.store32(page, va & ~3, spreadRight(Pages.load32(page, va & ~3), value, va));
    return NEXT;
  }

  @inline storeConditional(_va: u32, _register: u32): u32 {
    return this.leave(EXIT);
  }

  // Exceptions

  @inline trapIf(condition: u32): u32 {
    return condition ? this.leave(EXIT) : NEXT;
  }

  /** Sets the register to the wide value, which must fit a word: integer overflow. */
  @inline setOrOverflow(register: u32, value: u64): u32 {
    if (<i64>(<i32>value) !== <i64>value) return this.leave(EXIT);
    return this.setWord(register, <u32>value);
  }

  @inline signal(_code: u32): u32 {
    return this.leave(EXIT);
  }

  @inline unusable(_coprocessor: u32): u32 {
    return this.leave(EXIT);
  }

  @inline debugBreakpoint(): u32 {
    return this.leave(EXIT);
  }

  @inline privileged(_word: u32): u32 {
    return this.leave(EXIT);
  }

  @inline hypercall(_code: u32): u32 {
    return this.leave(EXIT);
  }

  @inline enterTraced(_word: u32): u32 {
    return this.leave(EXIT);
  }

  @inline returnTraced(): u32 {
    return this.leave(EXIT);
  }

  @inline recordGraph(): u32 {
    return this.leave(EXIT);
  }
}

/** They have no state of their own. */
export const fast = changetype<Fast>(FAST);
export const fastInSlot = changetype<Fast>(FAST | IN_SLOT);
