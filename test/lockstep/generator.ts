// Random programs of the table's instructions, each made from a seed: straight code, every kind of branch over a few
// instructions, counted loops, calls in three ways, ll and sc, code that rewrites itself. Some trap, overflow or use
// a misaligned address; such a stop is recorded and the program continues after it.
//
// Every program ends. Only loops branch backwards, by a counter that nothing else writes, and only calls return,
// through a link that their functions keep. cases.ts says which cases are left out.

import { INSTRUCTIONS, type Instruction, instruction } from "../../src/isa/table.ts";
import { Random } from "../support/random.ts";
import { anyValue, encode, type Operands, operandsOf } from "../vectors/operands.ts";
import { BREAK, BREAK_LAST, DATA, type Program, REGISTERS } from "../vectors/program.ts";
import { Assembly, type Label } from "./assembly.ts";

/** Programs are on both sides of a 256 MiB line. */
const ADDRESS = 0x1000_0000 - 4 * 60;

const DATA_WORDS = 64;
/** The data pointer is in the middle of the buffer. */
const REACH = (4 * DATA_WORDS) / 2;

/** Later stops are not compared. */
const STOPS = 100;

/** Registers that random instructions don't write. */
const POINTER = 26;
const COUNTER = 27;
const RA = 31;

function rows(choose: (row: Instruction) => boolean): readonly Instruction[] {
  return INSTRUCTIONS.filter(choose);
}

const DIVISIONS = rows(({ name }) => name === "div" || name === "divu");
const PLAIN = rows((row) =>
  ["arithmetic", "shift", "multiply"].includes(row.group)
    ? !DIVISIONS.includes(row)
    : row.name === "sync" || row.name === "pref",
);
const LOADS = rows(({ group, name }) => group === "load" && name !== "ll");
const STORES = rows(({ group, name }) => group === "store" && name !== "sc");
const TRAPS = rows(({ group, name }) => group === "trap" && name !== "syscall" && name !== "break");
const BRANCHES = rows(({ group }) => group === "branch");

function word(name: string, operands: Readonly<Operands>): number {
  return encode(instruction(name), operands);
}

/** A branch from one address to another. */
function branch(row: Instruction, operands: Operands, at: number, to: number): number {
  return encode(row, { ...operands, offset: (to - at - 4) >> 2 });
}

class Generator {
  readonly #random: Random;
  readonly #assembly = new Assembly();
  /** The called functions, placed after the main part. */
  readonly #functions: Label[] = [];
  /** Whether ra holds a link that is still needed. */
  #linked = false;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  make(): Program {
    const random = this.#random;
    for (let segments = random.between(8, 32); segments > 0; segments--) this.#segment();
    this.#assembly.add(BREAK_LAST);
    this.#linked = true;
    for (const label of this.#functions) this.#function(label);
    const registers = Uint32Array.from({ length: REGISTERS }, () => anyValue(random));
    registers[0] = 0;
    registers[POINTER] = DATA + REACH;
    const data = Array.from({ length: DATA_WORDS }, () => random.word());
    const words = this.#assembly.layOut(ADDRESS);
    return { address: ADDRESS, words, entry: ADDRESS, registers, data, stops: STOPS };
  }

  #segment(): void {
    const segments = [
      () => this.#straight(this.#random.between(3, 16)),
      () => this.#forward(),
      () => this.#loop(),
      () => this.#call(),
      () => this.#linkedStore(),
      () => this.#rewriteAhead(),
      () => this.#assembly.add(BREAK),
    ];
    this.#random.pick(segments)();
  }

  /** A number of instructions one after the other, some of which need another before them. */
  #straight(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#random.oneIn(12)) this.#division();
      else if (this.#random.oneIn(8)) this.#accessThroughCopy();
      else this.#assembly.add(this.#instruction());
    }
  }

  /** One instruction that may be anywhere, also in a delay slot. */
  #instruction(): number {
    const random = this.#random;
    switch (random.below(12)) {
      case 0:
      case 1:
        return this.#access(random.pick(LOADS), POINTER, REACH);
      case 2:
      case 3:
        return this.#access(random.pick(STORES), POINTER, REACH);
      case 4:
        return this.#trap();
      default:
        return this.#plain();
    }
  }

  /** A register that may be written. */
  #target(): number {
    const kept = this.#linked ? [POINTER, COUNTER, RA] : [POINTER, COUNTER];
    let register = this.#random.between(1, 31);
    while (kept.includes(register)) register = this.#random.between(1, 31);
    return register;
  }

  #plain(): number {
    const row = this.#random.pick(PLAIN);
    const operands = operandsOf(row, this.#random);
    if ("rd" in operands) operands.rd = this.#target();
    else if (row.group === "arithmetic") operands.rt = this.#target();
    if (row.form.startsWith("rd=rt")) operands.rt = operands.rd as number;
    return encode(row, operands);
  }

  /** A conditional trap, which usually isn't taken. */
  #trap(): number {
    const row = this.#random.pick(TRAPS);
    return encode(row, operandsOf(row, this.#random));
  }

  /** A division by an odd number. */
  #division(): void {
    const divisor = this.#target();
    const row = this.#random.pick(DIVISIONS);
    this.#assembly.add(
      word("ori", { rt: divisor, rs: divisor, uimm: 1 }),
      encode(row, { rs: this.#random.below(32), rt: divisor }),
    );
  }

  /** A load or store within reach of a base register, sometimes misaligned. */
  #access(row: Instruction, base: number, reach: number): number {
    const random = this.#random;
    let simm = random.between(-reach, reach - 4);
    if (!random.oneIn(12) && !/w[lr]$/.test(row.name)) simm &= ~3;
    const rt = row.group === "load" ? this.#target() : random.below(32);
    return encode(row, { rs: base, rt, simm });
  }

  #accessThroughCopy(): void {
    const random = this.#random;
    const base = this.#target();
    const half = REACH / 2;
    this.#assembly.add(
      word("addiu", { rt: base, rs: POINTER, simm: random.between(-half / 4, half / 4) * 4 }),
      this.#access(random.pick([...LOADS, ...STORES]), base, half),
    );
  }

  /** A conditional branch over a few instructions. */
  #forward(): void {
    const random = this.#random;
    const row = random.pick(BRANCHES);
    const operands = operandsOf(row, random);
    operands.rs = random.between(1, 30); // not r0, which may never branch, nor ra, which it may link
    if ("rt" in operands) while (operands.rt === operands.rs) operands.rt = random.below(32);
    const behind = Symbol("behind");
    this.#assembly.add(
      (at, addressOf) => branch(row, operands, at, addressOf(behind)),
      this.#instruction(),
    );
    this.#straight(random.between(0, 6));
    this.#assembly.place(behind);
  }

  /** A few rounds of a few instructions; in some, each round rewrites the first of them for the next. */
  #loop(): void {
    const random = this.#random;
    const top = Symbol("top");
    this.#assembly.add(word("addiu", { rt: COUNTER, rs: 0, simm: random.between(1, 6) }));
    this.#assembly.place(top);
    this.#assembly.add(this.#plain()); // nothing that other instructions need, such as a copied base
    this.#straight(random.between(1, 8));
    if (random.oneIn(3)) this.#forward();
    if (random.oneIn(3)) this.#call();
    if (random.oneIn(3)) this.#rewrite(top);
    this.#assembly.add(word("addiu", { rt: COUNTER, rs: COUNTER, simm: -1 }));
    const back = instruction(random.pick(["bgtz", "bgtzl", "bne", "bnel"]));
    this.#assembly.add(
      (at, addressOf) => branch(back, { rs: COUNTER, rt: 0 }, at, addressOf(top)),
      this.#instruction(),
    );
  }

  /** A call by bal, by jal where the target is in the region, or through a register. */
  #call(): void {
    const random = this.#random;
    const callee = this.#callee();
    const bal = instruction("bgezal");
    switch (random.below(3)) {
      case 0:
        this.#assembly.add((at, addressOf) => branch(bal, { rs: 0 }, at, addressOf(callee)));
        break;
      case 1:
        this.#assembly.add((at, addressOf) => {
          const target = addressOf(callee);
          const far = ((target ^ (at + 4)) & 0xf000_0000) !== 0;
          return far ? branch(bal, { rs: 0 }, at, target) : word("jal", { target: target >>> 2 });
        });
        break;
      default: {
        let register = this.#target();
        while (register === RA) register = this.#target();
        this.#addressInto(register, callee);
        this.#assembly.add(word(random.pick(["jalr", "jalr.hb"]), { rd: RA, rs: register }));
      }
    }
    this.#linked = true;
    this.#assembly.add(this.#instruction());
    this.#linked = false;
  }

  /** A function that was called before, or a new one. */
  #callee(): Label {
    if (this.#functions.length > 0 && this.#random.oneIn(2))
      return this.#random.pick(this.#functions);
    const label = Symbol("function");
    this.#functions.push(label);
    return label;
  }

  /** No instruction in the return's delay slot can raise an exception, because that would skip the return. */
  #function(label: Label): void {
    const random = this.#random;
    this.#assembly.place(label);
    this.#straight(random.between(1, 8));
    this.#assembly.add(
      word(random.pick(["jr", "jr.hb"]), { rs: RA }),
      word("subu", { rd: this.#target(), rs: random.below(32), rt: random.below(32) }),
    );
  }

  #addressInto(register: number, label: Label): void {
    this.#assembly.add(
      (_, addressOf) => word("lui", { rt: register, uimm: addressOf(label) >>> 16 }),
      (_, addressOf) => word("ori", { rt: register, rs: register, uimm: addressOf(label) }),
    );
  }

  /** ll, a change, sc; an exception between them breaks the link. */
  #linkedStore(): void {
    const random = this.#random;
    const simm = 4 * random.between(-REACH / 4, REACH / 4 - 1);
    const register = this.#target();
    this.#assembly.add(word("ll", { rt: register, rs: POINTER, simm }));
    for (let i = random.below(3); i > 0; i--) {
      this.#assembly.add(random.oneIn(2) ? this.#plain() : this.#trap());
    }
    this.#assembly.add(word("sc", { rt: register, rs: POINTER, simm }));
  }

  /** Writes another instruction at a label, and makes it visible as the manual requires. */
  #rewrite(label: Label): void {
    const address = this.#target();
    let value = this.#target();
    while (value === address) value = this.#target();
    const other = this.#plain();
    this.#addressInto(address, label);
    this.#assembly.add(
      word("lui", { rt: value, uimm: other >>> 16 }),
      word("ori", { rt: value, rs: value, uimm: other }),
      word("sw", { rt: value, rs: address, simm: 0 }),
      word("synci", { rs: address, simm: 0 }),
      word("sync", {}),
      word("sll", { sa: 3 }), // ehb
    );
  }

  #rewriteAhead(): void {
    const label = Symbol("rewritten");
    this.#rewrite(label);
    this.#straight(this.#random.between(0, 4));
    this.#assembly.place(label);
    this.#assembly.add(this.#plain());
  }
}

/** The program of a seed, always the same. */
export function programFrom(seed: number): Program {
  return new Generator(seed).make();
}
