// The operations in which instructions are written, for the readings that run them: registers and arithmetic. What
// can fail, memory and traps, differs between the fast reading (fast.ts) and the exact one (exact.ts), which extend
// this. The translator's reading (emit.ts) has the same operations and writes WebAssembly for each as it is called,
// in postfix order, arguments from left to right; so what uses an argument twice is an operation of its own here,
// never two in the instruction.
//
// get and set are of a whole register, getWord and setWord of its low 32-bit word, which setWord sign-extends. Here
// a register is 32 bits and they are the same; an instruction still says which it means, so that operations over
// registers of 64 bits can read the same text.

import { CpuModel } from "../cpu/cpu-model.ts";
import { cpu } from "../cpu/cpu.ts";
import { EXIT, NEXT, NULLIFIED, RECORD_CALL, RECORD_SITE, TAKEN, UNTAKEN } from "../cpu/outcome.ts";
import { CPU_GPR, MODE_FARJAL_WORDS, OUTCOME, STRETCH_END } from "../shared/cpu-state.ts";

/**
 * What the value of a reading says: bits, known where the decoder is inlined, so that they cost nothing.
 * FAST leaves its outcome in memory instead of returning it, and IN_SLOT reads a delay slot, where no branch is
 * allowed: one there is left to the exact reading before anything of it is done.
 */
export const FAST: usize = 1;
export const IN_SLOT: usize = 2;

@unmanaged
export class Operations {
  @inline is(bit: usize): bool {
    return (changetype<usize>(this) & bit) !== 0;
  }

  /**
   * Returns the outcome of an instruction if it isn't NEXT. The fast loop doesn't look at what it returns:
   * instructions would then have to hand it a constant each, and V8 gives every one of these a machine
   * register. Its stretch ends instead.
   */
  @inline leave(outcome: u32): u32 {
    if (this.is(FAST)) {
      store<u32>(OUTCOME, outcome);
      store<u32>(STRETCH_END, 0);
    }
    return outcome;
  }

  // Registers

  @inline get(register: u32): u32 {
    return load<u32>(register, CPU_GPR);
  }

  /** Sets a register; r0 stays 0. */
  @inline set(register: u32, value: u32): u32 {
    store<u32>(register, value, CPU_GPR);
    store<u32>(0, 0, CPU_GPR);
    return NEXT;
  }

  /** The low word of a register. */
  @inline getWord(register: u32): u32 {
    return this.get(register);
  }

  /** Sets a register to a word, sign-extended. */
  @inline setWord(register: u32, word: u32): u32 {
    return this.set(register, this.extend(word));
  }

  /** A word, sign-extended, as a register's value. */
  @inline extend(word: u32): u32 {
    return word;
  }

  /** A condition, 1 or 0, as a register's value. */
  @inline flag(condition: u32): u32 {
    return condition;
  }

  /** 0 as a register's value. */
  @inline zero(): u32 {
    return 0;
  }

  /** A word. */
  @inline constant(value: u32): u32 {
    return value;
  }

  /** The address of an access: a register's value and an offset. */
  @inline address(base: u32, offset: u32): u32 {
    return base + offset;
  }

  @inline hi(): u32 {
    return cpu.hi;
  }

  @inline lo(): u32 {
    return cpu.lo;
  }

  @inline setHi(value: u32): u32 {
    cpu.hi = value;
    return NEXT;
  }

  @inline setLo(value: u32): u32 {
    cpu.lo = value;
    return NEXT;
  }

  /** HI and LO as one 64-bit value. */
  @inline hiLo(): u64 {
    return ((<u64>cpu.hi) << 32) | <u64>cpu.lo;
  }

  @inline setHiLo(value: u64): u32 {
    cpu.hi = <u32>(value >>> 32);
    cpu.lo = <u32>value;
    return NEXT;
  }

  /** Nothing to do: hints, barriers. */
  @inline nothing(): u32 {
    return NEXT;
  }

  // Arithmetic on words

  @inline add(a: u32, b: u32): u32 {
    return a + b;
  }

  @inline sub(a: u32, b: u32): u32 {
    return a - b;
  }

  @inline mul(a: u32, b: u32): u32 {
    return a * b;
  }

  /** n / d; d = 0, whose result is UNPREDICTABLE, divides by 1 as QEMU does. */
  @inline quotient(n: u32, d: u32): u32 {
    return <u32>(<i64>(<i32>n) / <i64>(<i32>(d ? d : 1)));
  }

  @inline remainder(n: u32, d: u32): u32 {
    return <u32>(<i64>(<i32>n) % <i64>(<i32>(d ? d : 1)));
  }

  @inline quotientUnsigned(n: u32, d: u32): u32 {
    return n / (d ? d : 1);
  }

  @inline remainderUnsigned(n: u32, d: u32): u32 {
    return n % (d ? d : 1);
  }

  @inline and(a: u32, b: u32): u32 {
    return a & b;
  }

  @inline or(a: u32, b: u32): u32 {
    return a | b;
  }

  @inline xor(a: u32, b: u32): u32 {
    return a ^ b;
  }

  @inline shiftLeft(a: u32, by: u32): u32 {
    return a << by;
  }

  @inline shiftRight(a: u32, by: u32): u32 {
    return a >>> by;
  }

  @inline shiftRightSigned(a: u32, by: u32): u32 {
    return <u32>(<i32>a >> by);
  }

  @inline rotateRight(a: u32, by: u32): u32 {
    return rotr<u32>(a, by);
  }

  @inline leadingZeros(a: u32): u32 {
    return clz<u32>(a);
  }

  @inline extend8(a: u32): u32 {
    return <u32>(<i32>(<i8>a));
  }

  @inline extend16(a: u32): u32 {
    return <u32>(<i32>(<i16>a));
  }

  // Comparisons: 1 or 0

  @inline equal(a: u32, b: u32): u32 {
    return u32(a === b);
  }

  @inline notEqual(a: u32, b: u32): u32 {
    return u32(a !== b);
  }

  @inline less(a: u32, b: u32): u32 {
    return u32(<i32>a < <i32>b);
  }

  @inline lessUnsigned(a: u32, b: u32): u32 {
    return u32(a < b);
  }

  @inline atLeast(a: u32, b: u32): u32 {
    return u32(<i32>a >= <i32>b);
  }

  @inline atLeastUnsigned(a: u32, b: u32): u32 {
    return u32(a >= b);
  }

  /** a if the condition holds, otherwise b. */
  @inline select(a: u32, b: u32, condition: u32): u32 {
    return select<u32>(a, b, condition !== 0);
  }

  // Arithmetic on double words

  @inline wide(a: u32): u64 {
    return <u64>(<i64>(<i32>a));
  }

  @inline wideUnsigned(a: u32): u64 {
    return <u64>a;
  }

  @inline addWide(a: u64, b: u64): u64 {
    return a + b;
  }

  @inline subWide(a: u64, b: u64): u64 {
    return a - b;
  }

  @inline mulWide(a: u64, b: u64): u64 {
    return a * b;
  }

  // Branches. The condition is worked out before the link is written, as bltzal of ra would show.

  @inline branch(condition: u32, target: u32): u32 {
    if (this.is(IN_SLOT)) return this.leave(EXIT);
    if (!condition) return this.leave(UNTAKEN);
    cpu.branchTarget = target;
    return this.leave(TAKEN);
  }

  @inline branchLikely(condition: u32, target: u32): u32 {
    if (this.is(IN_SLOT)) return this.leave(EXIT);
    if (!condition) return this.leave(NULLIFIED);
    cpu.branchTarget = target;
    return this.leave(TAKEN);
  }

  @inline branchAndLink(condition: u32, register: u32, link: u32, target: u32): u32 {
    if (this.is(IN_SLOT)) return this.leave(EXIT);
    this.set(register, link);
    return this.branch(condition, target);
  }

  @inline branchAndLinkLikely(condition: u32, register: u32, link: u32, target: u32): u32 {
    if (this.is(IN_SLOT)) return this.leave(EXIT);
    this.set(register, link);
    return this.branchLikely(condition, target);
  }

  @inline jump(target: u32): u32 {
    if (this.is(IN_SLOT)) return this.leave(EXIT);
    cpu.branchTarget = target;
    return this.leave(TAKEN);
  }

  @inline jumpAndLink(target: u32, register: u32, link: u32): u32 {
    if (this.is(IN_SLOT)) return this.leave(EXIT);
    cpu.branchTarget = target;
    this.set(register, link);
    return this.leave(TAKEN);
  }

  // What depends on the processor

  /** Whether Release 2's instructions are instructions here. */
  @inline release2(): bool {
    return CpuModel.hasRelease2();
  }

  // farjal's own words

  /** Whether they are instructions here. In user mode, which forbids addresses, they are not. */
  @inline farjalWords(): bool {
    return (cpu.mode & MODE_FARJAL_WORDS) !== 0 && cpu.forbidden === 0;
  }

  @inline recordSite(parent: u32): u32 {
    cpu.recordParent = parent;
    return this.leave(RECORD_SITE);
  }

  @inline recordCall(ip: u32, parent: u32): u32 {
    cpu.recordIp = ip;
    cpu.recordParent = parent;
    return this.leave(RECORD_CALL);
  }
}
