// Random programs that spend their time in calls of small functions, for comparing the engines where they stop: an
// endless loop that calls directly and through registers. Functions load and store, raise exceptions, call one another,
// call themselves, rewrite themselves or their caller, return elsewhere than they were called from, or leave for
// another function.

import { asm, R } from "../cpu/guest.ts";
import { Assembly, type Label } from "../lockstep/assembly.ts";
import { Random } from "../support/random.ts";

const NOP = 0;
const VALUES = [R.v0, R.v1, R.t0, R.t1, R.t2, R.a0, R.a1] as const;
const [STATE, POINTER, LEFT] = [R.s1, R.s2, R.s3] as const;
const DATA = 0x80050000;
/** Near the end of memory, so that some accesses of the frames below it are in a window that ends there. */
const STACK = 0x800ffff0;

function branch(name: string, registers: readonly number[], to: Label) {
  return (at: number, addressOf: (label: Label) => number): number =>
    asm(name, ...registers, (addressOf(to) - at - 4) >> 2);
}

function jump(name: "j" | "jal", to: Label) {
  return (_: number, addressOf: (label: Label) => number): number =>
    asm(name, (addressOf(to) & 0x0fffffff) >>> 2);
}

class Program {
  readonly #random: Random;
  readonly #code = new Assembly();
  readonly #functions: readonly Label[];

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#functions = Array.from({ length: 6 }, () => Symbol("function"));
  }

  make(address: number): number[] {
    const code = this.#code;
    const random = this.#random;
    const again = Symbol("again");
    this.#li(STATE, 0x2468ace1 ^ random.word());
    this.#li(R.sp, STACK);
    code.place(again);
    for (const [shift, by] of [
      ["sll", 13],
      ["srl", 17],
      ["sll", 5],
    ] as const) {
      code.add(asm(shift, R.t0, STATE, by), asm("xor", STATE, STATE, R.t0));
    }
    this.#li(R.sp, STACK);
    this.#li(POINTER, random.oneIn(4) ? address : DATA);
    code.add(asm("andi", R.t0, STATE, 0x7c), asm("addu", POINTER, POINTER, R.t0));
    code.add(asm("andi", LEFT, STATE, 3));
    for (let calls = random.between(2, 5); calls > 0; calls--) {
      if (random.oneIn(2)) this.#direct();
      else this.#throughRegister();
    }
    code.add(jump("j", again), NOP);
    this.#functions.forEach((label, index) => {
      this.#function(label, index);
    });
    return code.layOut(address);
  }

  #li(register: number, value: number): void {
    this.#code.add(asm("lui", register, value >>> 16));
    this.#code.add(asm("ori", register, register, value & 0xffff));
  }

  #address(register: number, of: Label): void {
    this.#code.add((_, addressOf) => asm("lui", register, addressOf(of) >>> 16));
    this.#code.add((_, addressOf) => asm("ori", register, register, addressOf(of) & 0xffff));
  }

  #direct(): void {
    this.#code.add(jump("jal", this.#random.pick(this.#functions)), this.#compute());
    // Where a function that returns elsewhere may come to.
    this.#code.add(this.#compute(), this.#compute());
  }

  /** To one of a few functions, as STATE says. */
  #throughRegister(): void {
    const random = this.#random;
    this.#address(R.t9, random.pick(this.#functions));
    for (let others = random.below(4); others > 0; others--) {
      this.#address(R.t3, random.pick(this.#functions));
      this.#code.add(asm("andi", R.t4, STATE, random.pick([1, 4, 24, 0xf0])));
      this.#code.add(asm("movn", R.t9, R.t3, R.t4));
    }
    this.#code.add(asm("jalr", R.ra, R.t9), this.#compute(), this.#compute(), this.#compute());
  }

  #compute(): number {
    const random = this.#random;
    const [to, from, other] = [random.pick(VALUES), random.pick(VALUES), random.pick(VALUES)];
    if (random.oneIn(4)) return asm("addiu", to, from, random.between(-9, 9));
    if (random.oneIn(4)) {
      const name = random.pick(["lw", "sw", "lbu", "sb", "sh"]);
      return asm(name, to, 4 * random.between(-2, 9), POINTER);
    }
    return asm(random.pick(["addu", "xor", "subu", "sltu"]), to, from, other);
  }

  /** The functions with greater numbers are those that one calls, so that calls end. */
  #function(label: Label, index: number): void {
    const random = this.#random;
    const code = this.#code;
    const others = this.#functions.slice(index + 1);
    code.place(label);
    const kind = random.below(9);
    if (kind < 2 && others.length > 0) {
      this.#framed(() => {
        code.add(jump("jal", random.pick(others)), this.#compute());
        code.add(this.#compute());
      });
    } else if (kind === 2) {
      this.#recursive(label);
    } else if (kind === 3) {
      this.#rewriting();
    } else if (kind === 4) {
      this.#returnsElsewhere();
    } else if (kind === 5 && others.length > 0) {
      code.add(this.#compute(), jump("j", random.pick(others)), this.#compute());
    } else {
      this.#leaf();
    }
  }

  #leaf(): void {
    const random = this.#random;
    for (let count = random.between(1, 5); count > 0; count--) this.#code.add(this.#compute());
    if (random.oneIn(2)) {
      const behind = Symbol("behind");
      this.#code.add(asm("andi", R.t4, STATE, 2), branch("beq", [R.t4, R.zero], behind));
      this.#code.add(this.#compute(), this.#compute());
      this.#code.place(behind);
    }
    if (random.oneIn(4)) this.#code.add(asm("add", R.v0, R.v0, R.v1));
    this.#code.add(asm("jr", R.ra), this.#compute());
  }

  #framed(body: () => void): void {
    const code = this.#code;
    code.add(asm("addiu", R.sp, R.sp, -8), asm("sw", R.ra, 4, R.sp));
    body();
    code.add(asm("lw", R.ra, 4, R.sp), asm("jr", R.ra), asm("addiu", R.sp, R.sp, 8));
  }

  /** LEFT deep. */
  #recursive(self: Label): void {
    const end = Symbol("end");
    this.#framed(() => {
      this.#code.add(branch("blez", [LEFT], end), asm("addiu", LEFT, LEFT, -1));
      this.#code.add(jump("jal", self), this.#compute());
      this.#code.place(end);
      this.#code.add(this.#compute());
    });
  }

  /** Gives an instruction another immediate: its own, or the one after its call. */
  #rewriting(): void {
    const code = this.#code;
    const [site, done] = [Symbol("site"), Symbol("done")];
    code.add(asm("andi", R.t4, STATE, 0xf), branch("bne", [R.t4, R.zero], done), NOP);
    this.#address(R.t5, site);
    code.add(asm("lw", R.t6, 0, R.t5), asm("xori", R.t6, R.t6, 2), asm("sw", R.t6, 0, R.t5));
    // The caller's instruction is written as it is.
    code.add(asm("lw", R.t6, 0, R.ra), asm("sw", R.t6, 0, R.ra));
    code.place(done);
    code.place(site);
    code.add(asm("addiu", R.v0, R.v0, 1), asm("jr", R.ra), this.#compute());
  }

  /** To the instruction after the one that its call returns to, for some of STATE's values. */
  #returnsElsewhere(): void {
    const done = Symbol("done");
    this.#code.add(asm("andi", R.t4, STATE, 0x30), branch("bne", [R.t4, R.zero], done), NOP);
    this.#code.add(asm("addiu", R.ra, R.ra, 4));
    this.#code.place(done);
    this.#code.add(asm("jr", R.ra), this.#compute());
  }
}

/** The words of a seed's program, at an address; it never ends. */
export function hotCalls(seed: number, address: number): number[] {
  return new Program(seed).make(address);
}
