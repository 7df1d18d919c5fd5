// The yardstick for the interpreter: the simplest fast one that we know how to write, in AssemblyScript. One loop
// holds one switch by opcode, and inside it one by function. Registers are in memory, pc and npc in locals, and every
// instruction is counted. It has only the instructions that gcc makes of integer C, little-endian. Memory is flat: an
// index is the guest address without its three upper bits. Nothing is checked: no TLB, no exceptions, no alignment.
// bench/interpreter.ts measures what a whole processor costs in comparison. The package doesn't contain it.

/** 32 registers, HI and LO. */
const REGISTERS: usize = 0x1000;
const HI: usize = REGISTERS + 0x80;
const LO: usize = REGISTERS + 0x84;
/** Guest memory starts here. */
const RAM: usize = 0x10000;
const FLAT: u32 = 0x1fffffff;

let pc: u32 = 0;
let npc: u32 = 0;
let done: u64 = 0;

export function start(address: u32): void {
  pc = address;
  npc = address + 4;
  done = 0;
}

/** Instructions since start(). */
export function count(): u64 {
  return done;
}

export function register(number: u32): u32 {
  return load<u32>(number << 2, REGISTERS);
}

export function setRegister(number: u32, value: u32): void {
  store<u32>(number << 2, value, REGISTERS);
}

// @ts-ignore: decorator
@inline function get(offset: u32): u32 {
  return load<u32>(offset, REGISTERS);
}

// @ts-ignore: decorator
@inline function set(offset: u32, value: u32): void {
  store<u32>(offset, value, REGISTERS);
}

// @ts-ignore: decorator
@inline function rs(word: u32): u32 {
  return (word >>> 19) & 0x7c;
}

// @ts-ignore: decorator
@inline function rt(word: u32): u32 {
  return (word >>> 14) & 0x7c;
}

// @ts-ignore: decorator
@inline function rd(word: u32): u32 {
  return (word >>> 9) & 0x7c;
}

// @ts-ignore: decorator
@inline function sa(word: u32): u32 {
  return (word >>> 6) & 31;
}

// @ts-ignore: decorator
@inline function simm(word: u32): u32 {
  return <u32>(<i32>(<i16>word));
}

// @ts-ignore: decorator
@inline function target(word: u32, at: u32): u32 {
  return at + 4 + (simm(word) << 2);
}

// @ts-ignore: decorator
@inline function place(word: u32): u32 {
  return (get(rs(word)) + simm(word)) & FLAT;
}

/**
 * Runs until pc is `end` (returns true), or until that many instructions are done; returns false earlier at an
 * unknown word.
 */
export function run(end: u32, limit: u64): bool {
  let at = pc;
  let next = npc;
  let counted: u64 = 0;
  while (at !== end && counted < limit) {
    const word = load<u32>(at & FLAT, RAM);
    let after = next + 4;
    counted++;
    switch (word >>> 26) {
      case 0x00:
        switch (word & 63) {
          case 0x00: // sll
            set(rd(word), get(rt(word)) << sa(word));
            break;
          case 0x02: // srl, rotr
            if (word & 0x200000) set(rd(word), rotr<u32>(get(rt(word)), sa(word)));
            else set(rd(word), get(rt(word)) >>> sa(word));
            break;
          case 0x03: // sra
            set(rd(word), <u32>(<i32>get(rt(word)) >> sa(word)));
            break;
          case 0x04: // sllv
            set(rd(word), get(rt(word)) << (get(rs(word)) & 31));
            break;
          case 0x06: // srlv, rotrv
            if (word & 0x40) set(rd(word), rotr<u32>(get(rt(word)), get(rs(word)) & 31));
            else set(rd(word), get(rt(word)) >>> (get(rs(word)) & 31));
            break;
          case 0x07: // srav
            set(rd(word), <u32>(<i32>get(rt(word)) >> (get(rs(word)) & 31)));
            break;
          case 0x08: // jr
            after = get(rs(word));
            break;
          case 0x09: // jalr
            after = get(rs(word));
            set(rd(word), at + 8);
            break;
          case 0x0a: // movz
            if (!get(rt(word))) set(rd(word), get(rs(word)));
            break;
          case 0x0b: // movn
            if (get(rt(word))) set(rd(word), get(rs(word)));
            break;
          case 0x10: // mfhi
            set(rd(word), load<u32>(HI));
            break;
          case 0x11: // mthi
            store<u32>(HI, get(rs(word)));
            break;
          case 0x12: // mflo
            set(rd(word), load<u32>(LO));
            break;
          case 0x13: // mtlo
            store<u32>(LO, get(rs(word)));
            break;
          case 0x18: { // mult
            const product = <i64>(<i32>get(rs(word))) * <i64>(<i32>get(rt(word)));
            store<u32>(LO, <u32>product);
            store<u32>(HI, <u32>(product >> 32));
            break;
          }
          case 0x19: { // multu
            const product = <u64>get(rs(word)) * <u64>get(rt(word));
            store<u32>(LO, <u32>product);
            store<u32>(HI, <u32>(product >>> 32));
            break;
          }
          case 0x1a: { // div
            const n = <i64>(<i32>get(rs(word)));
            const d = <i64>(<i32>get(rt(word)));
            if (d) {
              store<u32>(LO, <u32>(n / d));
              store<u32>(HI, <u32>(n % d));
            }
            break;
          }
          case 0x1b: { // divu
            const n = get(rs(word));
            const d = get(rt(word));
            if (d) {
              store<u32>(LO, n / d);
              store<u32>(HI, n % d);
            }
            break;
          }
          case 0x21: // addu
            set(rd(word), get(rs(word)) + get(rt(word)));
            break;
          case 0x23: // subu
            set(rd(word), get(rs(word)) - get(rt(word)));
            break;
          case 0x24: // and
            set(rd(word), get(rs(word)) & get(rt(word)));
            break;
          case 0x25: // or
            set(rd(word), get(rs(word)) | get(rt(word)));
            break;
          case 0x26: // xor
            set(rd(word), get(rs(word)) ^ get(rt(word)));
            break;
          case 0x27: // nor
            set(rd(word), ~(get(rs(word)) | get(rt(word))));
            break;
          case 0x2a: // slt
            set(rd(word), u32(<i32>get(rs(word)) < <i32>get(rt(word))));
            break;
          case 0x2b: // sltu
            set(rd(word), u32(get(rs(word)) < get(rt(word))));
            break;
          case 0x34: // teq
            if (get(rs(word)) === get(rt(word))) return false;
            break;
          default:
            return false;
        }
        break;
      case 0x01:
        switch ((word >>> 16) & 31) {
          case 0x00: // bltz
            if (<i32>get(rs(word)) < 0) after = target(word, at);
            break;
          case 0x01: // bgez
            if (<i32>get(rs(word)) >= 0) after = target(word, at);
            break;
          case 0x11: // bgezal, with r0: bal
            if (<i32>get(rs(word)) >= 0) after = target(word, at);
            set(31 << 2, at + 8);
            break;
          default:
            return false;
        }
        break;
      case 0x02: // j
        after = ((at + 4) & 0xf0000000) | ((word & 0x03ffffff) << 2);
        break;
      case 0x03: // jal
        after = ((at + 4) & 0xf0000000) | ((word & 0x03ffffff) << 2);
        set(31 << 2, at + 8);
        break;
      case 0x04: // beq
        if (get(rs(word)) === get(rt(word))) after = target(word, at);
        break;
      case 0x05: // bne
        if (get(rs(word)) !== get(rt(word))) after = target(word, at);
        break;
      case 0x06: // blez
        if (<i32>get(rs(word)) <= 0) after = target(word, at);
        break;
      case 0x07: // bgtz
        if (<i32>get(rs(word)) > 0) after = target(word, at);
        break;
      case 0x09: // addiu
        set(rt(word), get(rs(word)) + simm(word));
        break;
      case 0x0a: // slti
        set(rt(word), u32(<i32>get(rs(word)) < <i32>simm(word)));
        break;
      case 0x0b: // sltiu
        set(rt(word), u32(get(rs(word)) < simm(word)));
        break;
      case 0x0c: // andi
        set(rt(word), get(rs(word)) & (word & 0xffff));
        break;
      case 0x0d: // ori
        set(rt(word), get(rs(word)) | (word & 0xffff));
        break;
      case 0x0e: // xori
        set(rt(word), get(rs(word)) ^ (word & 0xffff));
        break;
      case 0x0f: // lui
        set(rt(word), word << 16);
        break;
      case 0x1c:
        switch (word & 63) {
          case 0x00: { // madd
            const sum = ((<u64>load<u32>(HI)) << 32) | <u64>load<u32>(LO);
            const product = sum + <u64>(<i64>(<i32>get(rs(word))) * <i64>(<i32>get(rt(word))));
            store<u32>(LO, <u32>product);
            store<u32>(HI, <u32>(product >>> 32));
            break;
          }
          case 0x02: // mul
            set(rd(word), get(rs(word)) * get(rt(word)));
            break;
          case 0x20: // clz
            set(rd(word), clz<u32>(get(rs(word))));
            break;
          default:
            return false;
        }
        break;
      case 0x1f:
        switch (word & 63) {
          case 0x00: { // ext
            const mask = 0xffffffff >>> (31 - ((word >>> 11) & 31));
            set(rt(word), (get(rs(word)) >>> sa(word)) & mask);
            break;
          }
          case 0x04: { // ins
            const mask = (0xffffffff >>> (31 - ((word >>> 11) & 31) + sa(word))) << sa(word);
            set(rt(word), (get(rt(word)) & ~mask) | ((get(rs(word)) << sa(word)) & mask));
            break;
          }
          case 0x20:
            switch (sa(word)) {
              case 0x02: { // wsbh
                const value = get(rt(word));
                set(rd(word), ((value & 0x00ff00ff) << 8) | ((value >>> 8) & 0x00ff00ff));
                break;
              }
              case 0x10: // seb
                set(rd(word), <u32>(<i32>(<i8>get(rt(word)))));
                break;
              case 0x18: // seh
                set(rd(word), <u32>(<i32>(<i16>get(rt(word)))));
                break;
              default:
                return false;
            }
            break;
          default:
            return false;
        }
        break;
      case 0x20: // lb
        set(rt(word), load<i8>(place(word), RAM));
        break;
      case 0x21: // lh
        set(rt(word), load<i16>(place(word), RAM));
        break;
      case 0x23: // lw
        set(rt(word), load<u32>(place(word), RAM));
        break;
      case 0x24: // lbu
        set(rt(word), load<u8>(place(word), RAM));
        break;
      case 0x25: // lhu
        set(rt(word), load<u16>(place(word), RAM));
        break;
      case 0x28: // sb
        store<u8>(place(word), get(rt(word)), RAM);
        break;
      case 0x29: // sh
        store<u16>(place(word), get(rt(word)), RAM);
        break;
      case 0x2b: // sw
        store<u32>(place(word), get(rt(word)), RAM);
        break;
      default:
        return false;
    }
    store<u32>(0, 0, REGISTERS);
    at = next;
    next = after;
  }
  pc = at;
  npc = next;
  done += counted;
  return true;
}
