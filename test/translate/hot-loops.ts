// Random programs that spend their time in loops, for comparing the engines where they stop: an endless program of a few
// loops each, whose trips and addresses differ from round to round. Pointers go up and down, by strides that fit their
// accesses and by others; they begin in the middle of memory, near its end, near a mapping's end, on the program's own
// code. Loops end by comparison, by what they read, after a wrap, by a branch out of the middle. Some turns end in the
// middle, and some loops begin there. Some instructions raise exceptions, which a handler skips.

import { asm, R } from "../cpu/guest.ts";
import { Assembly, type Label } from "../lockstep/assembly.ts";
import { Random } from "../support/random.ts";

/** Pages that the test maps here; what follows them isn't mapped. */
export const MAPPED = 0xc0000000;
export const MAPPED_SIZE = 0x2000;
/** The end of the test's memory in kseg0. */
export const MEMORY_END = 0x80100000;
const MIDDLE = 0x80050000;
const KSEG1_BIT = 0x20000000;
/** Of the coprocessor 0 registers Count, Compare, Cause, EPC. */
const [COUNT, COMPARE, CAUSE, EPC] = [9, 11, 13, 14] as const;
/** Instructions between two timer interrupts, halved. */
const INTERRUPTS = 700;

const NOP = 0;
/** Registers for any value, for pointers, for counts. */
const VALUES = [R.v0, R.v1, R.t0, R.t1, R.t2, R.t3] as const;
const POINTERS = [R.a0, R.a1, R.a2] as const;
const [COUNTER, BOUND, INDEX, TABLE, STATE, LEFT] = [R.a3, R.t9, R.t8, R.s3, R.s1, R.s7] as const;

/** For both exception vectors: a timer interrupt sets the next one; whatever raises an exception is skipped. */
export const HANDLER: readonly number[] = [
  asm("mfc0", R.k0, CAUSE, 0),
  asm("andi", R.k0, R.k0, 0x7c),
  asm("bne", R.k0, R.zero, 5),
  NOP,
  asm("mfc0", R.k1, COUNT, 0),
  asm("addiu", R.k1, R.k1, INTERRUPTS),
  asm("mtc0", R.k1, COMPARE, 0),
  asm("eret"),
  asm("mfc0", R.k0, EPC, 0),
  asm("addiu", R.k0, R.k0, 4),
  asm("mtc0", R.k0, EPC, 0),
  asm("eret"),
];

/** A branch to a label. */
function branch(name: string, registers: readonly number[], to: Label) {
  return (at: number, addressOf: (label: Label) => number): number =>
    asm(name, ...registers, (addressOf(to) - at - 4) >> 2);
}

class Program {
  readonly #random: Random;
  readonly #code = new Assembly();
  readonly #address: number;

  constructor(seed: number, address: number) {
    this.#random = new Random(seed);
    this.#address = address;
  }

  make(): number[] {
    const again = Symbol("again");
    const random = this.#random;
    this.#code.add(asm("lui", STATE, 0x1234), asm("ori", STATE, STATE, random.below(0x10000)));
    this.#code.place(again);
    this.#mix();
    for (let loops = random.between(1, 3); loops > 0; loops--) this.#loop();
    this.#code.add(branch("beq", [R.zero, R.zero], again), NOP);
    return this.#code.layOut(this.#address);
  }

  /** STATE = the next of xorshift32's numbers. */
  #mix(): void {
    for (const [shift, by] of [
      ["sll", 13],
      ["srl", 17],
      ["sll", 5],
    ] as const) {
      this.#code.add(asm(shift, R.t0, STATE, by), asm("xor", STATE, STATE, R.t0));
    }
  }

  #li(register: number, value: number): void {
    this.#code.add(
      asm("lui", register, value >>> 16),
      asm("ori", register, register, value & 0xffff),
    );
  }

  #value(): number {
    return this.#random.pick(VALUES);
  }

  #pointer(): number {
    return this.#random.pick(POINTERS);
  }

  #loop(): void {
    const random = this.#random;
    const [top, inside, out] = [Symbol("top"), Symbol("inside"), Symbol("out")];
    this.#code.add(asm("rotr", STATE, STATE, random.between(1, 9)));
    for (const pointer of POINTERS) this.#begin(pointer);
    this.#li(TABLE, MIDDLE + 0x4000);
    this.#code.add(asm("addiu", LEFT, R.zero, 100), asm("addu", INDEX, R.zero, R.zero));
    const end = this.#end(top, out);
    const beginsInside = random.oneIn(4);
    if (beginsInside) this.#code.add(branch("beq", [R.zero, R.zero], inside), NOP);
    this.#code.place(top);
    const steps = random.pick([[], [0], [0], [0, 1], [0, 1, 2], [0, 0]]);
    const items = Array.from({ length: random.between(1, 6) }, () => () => this.#item(top, out));
    for (const step of steps) {
      const stride = random.pick([1, 1, 2, 4, 4, 4, 8, 16, -1, -4, -4, 3, 6]);
      const pointer = POINTERS[step] as number;
      items.splice(random.below(items.length + 1), 0, () =>
        this.#code.add(asm("addiu", pointer, pointer, stride)),
      );
    }
    if (random.oneIn(3)) {
      items.push(() => this.#code.add(asm("addiu", INDEX, INDEX, random.pick([1, 2, -1]))));
    }
    if (beginsInside)
      items.splice(random.below(items.length + 1), 0, () => this.#code.place(inside));
    for (const item of items) item();
    end();
    this.#code.place(out);
    this.#code.add(asm("xor", R.v1, R.v1, R.v0));
  }

  /** A pointer's value at the begin of a loop. */
  #begin(pointer: number): void {
    const random = this.#random;
    const place = random.pick([
      MIDDLE,
      MIDDLE,
      MIDDLE,
      MIDDLE | KSEG1_BIT,
      MEMORY_END - 0x60,
      MAPPED + 0x400,
      MAPPED + MAPPED_SIZE - 0x40,
      MAPPED,
      this.#address - 0x20,
    ]);
    this.#li(pointer, place + 4 * random.below(8));
    const mask = random.pick([0, 0xc, 0x3c, 0x3c, random.oneIn(3) ? 0x3f : 0x38]);
    this.#code.add(asm("srl", R.t0, STATE, random.below(16)), asm("andi", R.t0, R.t0, mask));
    this.#code.add(asm("addu", pointer, pointer, R.t0));
  }

  /** Prepares a loop's end, and returns what writes it. */
  #end(top: Label, out: Label): () => void {
    const random = this.#random;
    const code = this.#code;
    const slot = (): number =>
      random.oneIn(2) ? NOP : random.oneIn(2) ? this.#compute() : this.#access();
    const back = (name: string, ...registers: number[]): void => {
      const likely = random.oneIn(12) ? `${name}l` : name;
      code.add(branch(likely, registers, top), slot());
    };
    const counted = random.below(8);
    const step = random.pick([1, 1, 1, 2, 4]);
    if (counted < 4) {
      // No turn at all goes around the loop.
      code.add(asm("andi", COUNTER, STATE, random.pick([7, 31, 63])));
      if (step !== 1) code.add(asm("sll", COUNTER, COUNTER, Math.log2(step)));
      code.add(branch("beq", [COUNTER, R.zero], out), NOP);
      return () => {
        code.add(asm("addiu", COUNTER, COUNTER, -step));
        if (counted === 0) back("bgtz", COUNTER);
        else back("bne", ...(counted === 1 ? [R.zero, COUNTER] : [COUNTER, R.zero]));
      };
    }
    if (counted === 4) {
      // Past the end of the numbers and on from 0.
      this.#li(COUNTER, 0xffffff00 + 4 * random.below(60));
      code.add(asm("addiu", BOUND, R.zero, 4 * random.below(9)));
      return () => {
        code.add(asm("addiu", COUNTER, COUNTER, 4));
        back("bne", COUNTER, BOUND);
      };
    }
    if (counted === 5) {
      const pointer = this.#pointer();
      const stride = random.pick([1, 2, 4, -4]);
      code.add(asm("addiu", BOUND, pointer, stride * random.between(1, 40)));
      return () => {
        // Another step of the same register makes it miss the bound.
        code.add(asm("addiu", LEFT, LEFT, -1), branch("blez", [LEFT], out), NOP);
        code.add(asm("addiu", pointer, pointer, stride));
        back("bne", pointer, BOUND);
      };
    }
    if (counted === 6) {
      code.add(asm("addiu", COUNTER, R.zero, random.below(50)));
      return () => {
        code.add(asm("addiu", LEFT, LEFT, -3), asm("slt", R.t4, COUNTER, LEFT));
        back("bne", R.t4, R.zero);
      };
    }
    return () => {
      code.add(asm("addiu", LEFT, LEFT, -1), branch("blez", [LEFT], out), NOP);
      code.add(asm("andi", R.t4, this.#value(), 7));
      back("bne", R.t4, R.zero);
    };
  }

  #item(top: Label, out: Label): void {
    const random = this.#random;
    const code = this.#code;
    switch (random.below(18)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        code.add(this.#access());
        break;
      case 5:
      case 6:
        this.#fromTable();
        break;
      case 7:
        this.#byIndex();
        break;
      case 8: {
        const behind = Symbol("behind");
        code.add(branch(random.pick(["beq", "bne"]), [this.#value(), this.#value()], behind));
        code.add(this.#compute(), this.#compute());
        if (random.oneIn(2)) code.add(this.#access());
        code.place(behind);
        code.add(this.#compute());
        break;
      }
      case 9:
        code.add(asm("andi", R.t4, this.#value(), 63), branch("beq", [R.t4, R.zero], out));
        code.add(this.#compute());
        break;
      case 10:
        code.add(asm("multu", this.#value(), this.#value()));
        code.add(asm(random.pick(["mfhi", "mflo"]), this.#value()));
        break;
      case 11:
        this.#rare();
        break;
      case 12:
      case 13:
        code.add(asm("addiu", LEFT, LEFT, -1), branch("blez", [LEFT], out), NOP);
        code.add(asm("andi", R.t4, this.#value(), random.pick([1, 3, 7])));
        code.add(branch(random.pick(["beq", "bne"]), [R.t4, R.zero], top), this.#compute());
        break;
      default:
        code.add(this.#compute());
    }
  }

  #compute(): number {
    const random = this.#random;
    const [to, from, other] = [this.#value(), this.#value(), this.#value()];
    switch (random.below(6)) {
      case 0:
        return asm("addiu", to, from, random.between(-50, 50));
      case 1:
        return asm("sltu", to, from, other);
      case 2:
        return asm(random.pick(["sll", "srl", "rotr"]), to, from, random.between(1, 31));
      case 3:
        return asm("madd", from, other);
      default:
        return asm(random.pick(["addu", "xor", "subu", "nor"]), to, from, other);
    }
  }

  /** A load or store through a pointer, now and then misaligned. */
  #access(): number {
    const random = this.#random;
    const [name, size] = random.pick([
      ["lb", 1],
      ["lbu", 1],
      ["lh", 2],
      ["lhu", 2],
      ["lw", 4],
      ["lw", 4],
      ["sb", 1],
      ["sh", 2],
      ["sw", 4],
      ["sw", 4],
    ] as const);
    const offset = size * random.between(-3, 6) + (random.oneIn(40) ? 1 : 0);
    return asm(name, this.#value(), offset, this.#pointer());
  }

  #fromTable(): void {
    const random = this.#random;
    const bits = random.pick([3, 4, 6]);
    const log2 = random.pick([0, 1, 2, 2]);
    if (random.oneIn(2)) this.#code.add(asm("andi", R.t4, this.#value(), (1 << bits) - 1));
    else this.#code.add(asm("ext", R.t4, this.#value(), random.below(9), bits));
    if (log2 > 0) this.#code.add(asm("sll", R.t4, R.t4, log2));
    this.#code.add(asm("addu", R.t4, ...(random.oneIn(2) ? [TABLE, R.t4] : [R.t4, TABLE])));
    const name = random.pick([["lbu"], ["lhu"], ["lw", "sw"]][log2] as string[]);
    this.#code.add(asm(name, this.#value(), 0, R.t4));
  }

  #byIndex(): void {
    const random = this.#random;
    const log2 = random.pick([0, 2, 2, 3]);
    const index = random.pick([INDEX, INDEX, COUNTER]);
    this.#code.add(asm("sll", R.t4, index, log2), asm("addu", R.t4, TABLE, R.t4));
    this.#code.add(asm(log2 >= 2 ? random.pick(["lw", "sw"]) : "lbu", this.#value(), 0, R.t4));
  }

  /** What keeps a loop from having a plan. */
  #rare(): void {
    const random = this.#random;
    const code = this.#code;
    const pointer = this.#pointer();
    switch (random.below(4)) {
      case 0:
        code.add(asm("add", this.#value(), this.#value(), this.#value()));
        break;
      case 1:
        code.add(asm(random.pick(["lwl", "lwr", "swl", "swr"]), this.#value(), 1, pointer));
        break;
      case 2:
        code.add(asm("teq", this.#value(), this.#value(), 0));
        break;
      default:
        this.#rewriteOwn();
    }
  }

  /** Gives an instruction of the loop another immediate. */
  #rewriteOwn(): void {
    const site = Symbol("site");
    const code = this.#code;
    code.add((_, addressOf) => asm("lui", R.t5, addressOf(site) >>> 16));
    code.add((_, addressOf) => asm("ori", R.t5, R.t5, addressOf(site) & 0xffff));
    code.add(asm("andi", R.t6, STATE, 1), branch("beq", [R.t6, R.zero], site), NOP);
    code.add(asm("lw", R.t6, 0, R.t5), asm("xori", R.t6, R.t6, 2), asm("sw", R.t6, 0, R.t5));
    code.place(site);
    code.add(asm("addiu", R.v0, R.v0, 1));
  }
}

/** The words of a seed's program, at an address; it never ends. */
export function hotLoops(seed: number, address: number): number[] {
  return new Program(seed, address).make();
}
