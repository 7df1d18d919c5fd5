// The translator's reading: the operations in which instructions are written, each writing the WebAssembly that does
// it. Arguments are evaluated before their operation and from left to right, so what they write is in postfix order
// already: the value that get() returns means nothing, because its code has put the register on the stack. A
// register is a local. The host decides how an access reaches memory and what a failing guard returns, in the EMIT_*
// words, and writes the control flow around the instruction.
//
// A guard never does half an instruction: it leaves to the exact reading before anything is written.

import { CpuModel } from "../cpu/cpu-model.ts";
import { cpu } from "../cpu/cpu.ts";
import { A0, A1, A2, A3, RA, SP, V0, V1 } from "../cpu/registers.ts";
import { Decoder } from "../instructions/decoder.ts";
import { FLIP_16, FLIP_8 } from "../memory/physical.ts";
import { MODE_FARJAL_WORDS } from "../shared/cpu-state.ts";
import {
  EMIT_BRANCH,
  EMIT_EXACT,
  EMIT_GUARDS,
  EMIT_JUMP,
  EMIT_JUMP_REGISTER,
  EMIT_LENGTH,
  EMIT_LIKELY,
  EMIT_LINK,
  EMIT_NEXT,
  EMIT_READS,
  EMIT_REFUND,
  EMIT_SITE,
  EMIT_TARGET,
  EMIT_WRITES,
  LOCAL_A,
  LOCAL_ADDRESS,
  LOCAL_B,
  LOCAL_CONDITION,
  LOCAL_FUEL,
  LOCAL_HI_LO,
  LOCAL_TARGET,
  LOCAL_WIDE,
} from "../shared/emitted-code.ts";
import { EMITTED_SIZE, NOWHERE, RAM } from "../shared/memory-map.ts";
import { GRAPH_LEAF, RETURN_HOOK } from "../shared/trace-ring.ts";
import {
  CALL,
  DROP,
  ELSE,
  END,
  I32_ADD,
  I32_AND,
  I32_CLZ,
  I32_DIV_S,
  I32_DIV_U,
  I32_EQ,
  I32_EXTEND16_S,
  I32_EXTEND8_S,
  I32_GE_S,
  I32_GE_U,
  I32_LOAD,
  I32_LOAD16_S,
  I32_LOAD16_U,
  I32_LOAD8_S,
  I32_LOAD8_U,
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
  I32_STORE16,
  I32_STORE8,
  I32_SUB,
  I32_WRAP_I64,
  I32_XOR,
  I64_ADD,
  I64_CONST,
  I64_EXTEND_I32_S,
  I64_EXTEND_I32_U,
  I64_MUL,
  I64_NE,
  I64_OR,
  I64_SHL,
  I64_SHR_U,
  I64_SUB,
  LOCAL_SET,
  SELECT,
} from "../shared/wasm-opcodes.ts";
import { isFiltered, raPlace } from "../tracing/graph.ts";
import { AccessCode } from "./access-code.ts";
import { Code } from "./code-writer.ts";
import { Guard } from "./guard-code.ts";
import { TraceCode } from "./trace-code.ts";

/** The second function that a translated module imports from here; the first is access-code.ts's. */
const ENTER_TRACED: u32 = 1;
/** HI and LO in EMIT_READS and EMIT_WRITES. */
const ACCUMULATOR: u32 = 1;

let reads: u32 = 0;
let writes: u32 = 0;
let target: u32 = 0;
let link: u32 = 0;
/** The value that was pushed last, and whether it is a constant. */
let literal: bool = false;

@unmanaged
@final
class Emit {
  // Registers

  get(register: u32): u32 {
    if (register === 0) return this.constant(0);
    reads |= bit(register);
    literal = false;
    Code.get(local(register));
    return 0;
  }

  set(register: u32, _value: u32): u32 {
    if (register === 0) {
      Code.op(DROP);
    } else {
      writes |= bit(register);
      Code.index(LOCAL_SET, local(register));
    }
    return EMIT_NEXT;
  }

  getWord(register: u32): u32 {
    return this.get(register);
  }

  setWord(register: u32, _word: u32): u32 {
    return this.set(register, 0);
  }

  /** The value is passed on: a jump's target has to be known here. */
  extend(word: u32): u32 {
    return word;
  }

  flag(condition: u32): u32 {
    return condition;
  }

  zero(): u32 {
    return this.constant(0);
  }

  address(_base: u32, offset: u32): u32 {
    this.constant(offset);
    return this.add(0, 0);
  }

  constant(value: u32): u32 {
    literal = true;
    Code.constant(value);
    return value;
  }

  hi(): u32 {
    this.hiLo();
    Code.op(I64_CONST);
    Code.signed(32);
    Code.op(I64_SHR_U);
    return Emit.op(I32_WRAP_I64);
  }

  lo(): u32 {
    this.hiLo();
    return Emit.op(I32_WRAP_I64);
  }

  setHi(_value: u32): u32 {
    this.wideUnsigned(0);
    Code.op(I64_CONST);
    Code.signed(32);
    Code.op(I64_SHL);
    this.wideUnsigned(this.lo());
    Code.op(I64_OR);
    return this.setHiLo(0);
  }

  setLo(_value: u32): u32 {
    this.wideUnsigned(0);
    this.hiLo();
    Code.op(I64_CONST);
    Code.signed(32);
    Code.op(I64_SHR_U);
    Code.op(I64_CONST);
    Code.signed(32);
    Code.op(I64_SHL);
    Code.op(I64_OR);
    return this.setHiLo(0);
  }

  hiLo(): u64 {
    reads |= ACCUMULATOR;
    Code.get(LOCAL_HI_LO);
    return 0;
  }

  setHiLo(_value: u64): u32 {
    writes |= ACCUMULATOR;
    Code.set(LOCAL_HI_LO);
    return EMIT_NEXT;
  }

  nothing(): u32 {
    return EMIT_NEXT;
  }

  // Arithmetic on words

  add(_a: u32, _b: u32): u32 {
    return Emit.op(I32_ADD);
  }

  sub(_a: u32, _b: u32): u32 {
    return Emit.op(I32_SUB);
  }

  mul(_a: u32, _b: u32): u32 {
    return Emit.op(I32_MUL);
  }

  /** d = -1 is a subtraction, so that 80000000 / -1 doesn't trap the host. */
  quotient(_n: u32, _d: u32): u32 {
    Emit.takeDivision();
    Code.get(LOCAL_B);
    Code.constant(0xffffffff);
    Code.op(I32_EQ);
    Code.if();
    Code.constant(0);
    Code.get(LOCAL_A);
    Code.op(I32_SUB);
    Code.set(LOCAL_A);
    Code.constant(1);
    Code.set(LOCAL_B);
    Code.op(END);
    return Emit.divide(I32_DIV_S);
  }

  /** WebAssembly's remainder of -1 is 0 and doesn't trap. */
  remainder(_n: u32, _d: u32): u32 {
    Emit.takeDivision();
    return Emit.divide(I32_REM_S);
  }

  quotientUnsigned(_n: u32, _d: u32): u32 {
    Emit.takeDivision();
    return Emit.divide(I32_DIV_U);
  }

  remainderUnsigned(_n: u32, _d: u32): u32 {
    Emit.takeDivision();
    return Emit.divide(I32_REM_U);
  }

  and(_a: u32, _b: u32): u32 {
    return Emit.op(I32_AND);
  }

  or(_a: u32, _b: u32): u32 {
    return Emit.op(I32_OR);
  }

  xor(_a: u32, _b: u32): u32 {
    return Emit.op(I32_XOR);
  }

  shiftLeft(_a: u32, _by: u32): u32 {
    return Emit.op(I32_SHL);
  }

  shiftRight(_a: u32, _by: u32): u32 {
    return Emit.op(I32_SHR_U);
  }

  shiftRightSigned(_a: u32, _by: u32): u32 {
    return Emit.op(I32_SHR_S);
  }

  rotateRight(_a: u32, _by: u32): u32 {
    return Emit.op(I32_ROTR);
  }

  leadingZeros(_a: u32): u32 {
    return Emit.op(I32_CLZ);
  }

  extend8(_a: u32): u32 {
    return Emit.op(I32_EXTEND8_S);
  }

  extend16(_a: u32): u32 {
    return Emit.op(I32_EXTEND16_S);
  }

  // Comparisons

  equal(_a: u32, _b: u32): u32 {
    return Emit.op(I32_EQ);
  }

  notEqual(_a: u32, _b: u32): u32 {
    return Emit.op(I32_NE);
  }

  less(_a: u32, _b: u32): u32 {
    return Emit.op(I32_LT_S);
  }

  lessUnsigned(_a: u32, _b: u32): u32 {
    return Emit.op(I32_LT_U);
  }

  atLeast(_a: u32, _b: u32): u32 {
    return Emit.op(I32_GE_S);
  }

  atLeastUnsigned(_a: u32, _b: u32): u32 {
    return Emit.op(I32_GE_U);
  }

  select(_a: u32, _b: u32, _condition: u32): u32 {
    return Emit.op(SELECT);
  }

  // Arithmetic on double words

  wide(_a: u32): u64 {
    return Emit.wideOp(I64_EXTEND_I32_S);
  }

  wideUnsigned(_a: u32): u64 {
    return Emit.wideOp(I64_EXTEND_I32_U);
  }

  addWide(_a: u64, _b: u64): u64 {
    return Emit.wideOp(I64_ADD);
  }

  subWide(_a: u64, _b: u64): u64 {
    return Emit.wideOp(I64_SUB);
  }

  mulWide(_a: u64, _b: u64): u64 {
    return Emit.wideOp(I64_MUL);
  }

  // Branches: the condition or the target goes into a local, for the delay slot comes in between.

  branch(_condition: u32, to: u32): u32 {
    Code.set(LOCAL_CONDITION);
    target = to;
    return EMIT_BRANCH;
  }

  branchLikely(_condition: u32, to: u32): u32 {
    this.branch(0, to);
    return EMIT_LIKELY;
  }

  branchAndLink(_condition: u32, register: u32, address: u32, to: u32): u32 {
    this.branch(0, to);
    this.linkTo(register, address);
    return EMIT_BRANCH;
  }

  branchAndLinkLikely(_condition: u32, register: u32, address: u32, to: u32): u32 {
    this.branch(0, to);
    this.linkTo(register, address);
    return EMIT_LIKELY;
  }

  jump(to: u32): u32 {
    Code.set(LOCAL_TARGET);
    target = to;
    return literal ? EMIT_JUMP : EMIT_JUMP_REGISTER;
  }

  jumpAndLink(to: u32, register: u32, address: u32): u32 {
    const kind = this.jump(to);
    this.linkTo(register, address);
    return kind;
  }

  linkTo(register: u32, address: u32): void {
    link = register;
    this.constant(address);
    this.set(register, address);
  }

  // What depends on the processor

  release2(): bool {
    return CpuModel.hasRelease2();
  }

  // Loads

  load8(register: u32, _va: u32): u32 {
    return this.load(register, I32_LOAD8_U, 0, FLIP_8);
  }

  load8s(register: u32, _va: u32): u32 {
    return this.load(register, I32_LOAD8_S, 0, FLIP_8);
  }

  load16(register: u32, _va: u32): u32 {
    return this.load(register, I32_LOAD16_U, 1, FLIP_16);
  }

  load16s(register: u32, _va: u32): u32 {
    return this.load(register, I32_LOAD16_S, 1, FLIP_16);
  }

  load32(register: u32, _va: u32): u32 {
    return this.load(register, I32_LOAD, 2, 0);
  }

  load(register: u32, opcode: u32, log2: u32, flip: u32): u32 {
    AccessCode.load(opcode, log2, flip);
    return this.set(register, 0);
  }

  /** A = the bits of the word above the byte at va; (memory << A) | (register & ~(-1 << A)). */
  loadLeft(register: u32, _va: u32): u32 {
    AccessCode.loadWord(!BIG_ENDIAN);
    Code.get(LOCAL_A);
    Code.op(I32_SHL);
    this.get(register);
    Code.constant(0xffffffff);
    Code.get(LOCAL_A);
    Code.op(I32_SHL);
    AccessCode.merge();
    return this.set(register, 0);
  }

  /** A = the bits below it; (memory >>> A) | (register & ~(-1 >>> A)). */
  loadRight(register: u32, _va: u32): u32 {
    AccessCode.loadWord(BIG_ENDIAN !== 0);
    Code.get(LOCAL_A);
    Code.op(I32_SHR_U);
    this.get(register);
    Code.constant(0xffffffff);
    Code.get(LOCAL_A);
    Code.op(I32_SHR_U);
    AccessCode.merge();
    return this.set(register, 0);
  }

  loadLinked(_register: u32, _va: u32): u32 {
    return EMIT_EXACT;
  }

  // Stores

  store8(_va: u32, _value: u32): u32 {
    return this.store(I32_STORE8, 0, FLIP_8);
  }

  store16(_va: u32, _value: u32): u32 {
    return this.store(I32_STORE16, 1, FLIP_16);
  }

  store32(_va: u32, _value: u32): u32 {
    return this.store(I32_STORE, 2, 0);
  }

  store(opcode: u32, log2: u32, flip: u32): u32 {
    AccessCode.store(opcode, log2, flip);
    return EMIT_NEXT;
  }

  /** SWL: (register >>> A) | (memory & ~(-1 >>> A)). Beside code it goes through the page tables, and leaves. */
  storeLeft(_va: u32, _value: u32): u32 {
    AccessCode.storePart(!BIG_ENDIAN, I32_SHR_U);
    return EMIT_NEXT;
  }

  /** SWR: (register << A) | (memory & ~(-1 << A)). */
  storeRight(_va: u32, _value: u32): u32 {
    AccessCode.storePart(BIG_ENDIAN !== 0, I32_SHL);
    return EMIT_NEXT;
  }

  storeConditional(_va: u32, _register: u32): u32 {
    return EMIT_EXACT;
  }

  // Exceptions

  trapIf(_condition: u32): u32 {
    Code.set(LOCAL_A);
    Guard.begin();
    Code.get(LOCAL_A);
    Guard.leave();
    return EMIT_NEXT;
  }

  setOrOverflow(register: u32, _value: u64): u32 {
    Code.set(LOCAL_WIDE);
    Guard.begin();
    Code.get(LOCAL_WIDE);
    Code.op(I32_WRAP_I64);
    Code.op(I64_EXTEND_I32_S);
    Code.get(LOCAL_WIDE);
    Code.op(I64_NE);
    Guard.leave();
    Code.get(LOCAL_WIDE);
    Code.op(I32_WRAP_I64);
    return this.set(register, 0);
  }

  signal(_code: u32): u32 {
    return EMIT_EXACT;
  }

  unusable(_coprocessor: u32): u32 {
    return EMIT_EXACT;
  }

  debugBreakpoint(): u32 {
    return EMIT_EXACT;
  }

  privileged(_word: u32): u32 {
    return EMIT_EXACT;
  }

  hypercall(_code: u32): u32 {
    return EMIT_EXACT;
  }

  // farjal's own words

  /** Units are made for kernel mode, and made anew when the host changes the mode's bits. */
  farjalWords(): bool {
    return (cpu.mode & MODE_FARJAL_WORDS) !== 0;
  }

  recordSite(_parent: u32): u32 {
    Code.set(LOCAL_B);
    Code.constant(load<u32>(EMIT_SITE));
    Code.set(LOCAL_A);
    TraceCode.record();
    return EMIT_NEXT;
  }

  recordCall(_ip: u32, _parent: u32): u32 {
    Code.set(LOCAL_B);
    Code.set(LOCAL_A);
    TraceCode.record();
    return EMIT_NEXT;
  }

  /** Does what Graph.enter() does in the usual case; otherwise calls enterTraced(). */
  enterTraced(word: u32): u32 {
    const place = raPlace(word);
    const leaf = place === GRAPH_LEAF;
    if (isFiltered(word)) {
      Emit.callEnter(word, 0);
    } else {
      if (leaf) {
        this.get(RA);
        Code.set(LOCAL_A);
      } else {
        this.get(SP);
        Code.constant(place << 2);
        Code.op(I32_ADD);
        Code.set(LOCAL_ADDRESS);
        AccessCode.findPage(3, true);
        AccessCode.place();
        Code.memory(I32_LOAD, 2, RAM - 1);
        Code.set(LOCAL_A);
      }
      TraceCode.mayEnter();
      Code.if();
      if (!leaf) {
        AccessCode.place();
        Code.constant(RETURN_HOOK);
        Code.memory(I32_STORE, 2, RAM - 1);
      }
      TraceCode.enter();
      if (leaf) {
        Code.constant(RETURN_HOOK);
        Code.set(LOCAL_A);
      }
      Code.op(ELSE);
      Emit.callEnter(word, 1);
      Code.op(END);
    }
    if (!leaf) return EMIT_NEXT;
    Code.get(LOCAL_A);
    return this.set(RA, 0);
  }

  /** The function table has returnTraced() (graph.ts) for its address; units that return there do as TraceCode.leave(). */
  returnTraced(): u32 {
    return EMIT_EXACT;
  }

  recordGraph(): u32 {
    reads |= bit(A0) | bit(A1) | bit(A2) | bit(A3) | bit(V0) | bit(V1);
    writes |= bit(V0) | bit(V1);
    TraceCode.recordGraph(local(A0), local(A1), local(A2), local(A3), local(V0), local(V1));
    return EMIT_NEXT;
  }

  // What the words above are made of

  @inline static op(opcode: u32): u32 {
    literal = false;
    Code.op(opcode);
    return 0;
  }

  @inline static wideOp(opcode: u32): u64 {
    Code.op(opcode);
    return 0;
  }

  /** On the stack: n, d. A = n, B = d or 1. */
  static takeDivision(): void {
    Code.set(LOCAL_B);
    Code.set(LOCAL_A);
    Code.get(LOCAL_B);
    Code.constant(1);
    Code.get(LOCAL_B);
    Code.op(SELECT);
    Code.set(LOCAL_B);
  }

  static divide(opcode: u32): u32 {
    Code.get(LOCAL_A);
    Code.get(LOCAL_B);
    return Emit.op(opcode);
  }

  /** A = enterTraced(), with so many blocks open around it here. */
  static callEnter(word: u32, open: u32): void {
    Code.constant(word);
    Code.constant(load<u32>(EMIT_SITE));
    emitter.get(SP);
    emitter.get(RA);
    Code.get(LOCAL_FUEL);
    Code.constant(load<u32>(EMIT_REFUND));
    Code.op(I32_ADD);
    Code.index(CALL, ENTER_TRACED);
    Code.set(LOCAL_A);
    Guard.begin();
    Code.get(LOCAL_A);
    Code.constant(NOWHERE);
    Code.op(I32_EQ);
    Guard.leave(open);
  }
}

/** The local of a register that is named as in fields.ts. */
function local(register: u32): u32 {
  return (register >>> 2) + 1;
}

/** Its place in EMIT_READS and EMIT_WRITES. */
function bit(register: u32): u32 {
  return 1 << (register >>> 2);
}

const emitter = changetype<Emit>(0);

/**
 * Writes the code of one instruction to EMITTED, as the EMIT_* words ask, and sets those that say what it reads and
 * writes and where it goes. Returns EMIT_*; for EMIT_EXACT what was written is of no use.
 */
export function emit(word: u32, pc: u32): u32 {
  Code.begin();
  reads = 0;
  writes = 0;
  target = 0;
  link = 0;
  literal = false;
  Guard.reset();
  const kind = Decoder.step(emitter, word, pc);
  store<u32>(EMIT_LENGTH, Code.length);
  store<u32>(EMIT_READS, reads);
  store<u32>(EMIT_WRITES, writes);
  store<u32>(EMIT_TARGET, target);
  store<u32>(EMIT_LINK, link >>> 2);
  store<u32>(EMIT_GUARDS, u32(Guard.any));
  return Code.length > <u32>EMITTED_SIZE ? EMIT_EXACT : kind;
}

/**
 * Writes to EMITTED what a traced function does where it returns: if TARGET is RETURN_HOOK, TARGET becomes where
 * that leads, and RA in memory with it; all other registers and FUEL are in memory already. Where that takes more
 * than a record, TARGET stays.
 */
export function emitLeave(): void {
  Code.begin();
  TraceCode.leave();
  store<u32>(EMIT_LENGTH, Code.length);
}
