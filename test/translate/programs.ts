// Programs that are hard for a translator, as words for test/cpu's guest: control flow that compilers don't produce.
// Each takes s0 as the number of remaining rounds, works in v0, and ends at DONE, where the words stop.

import { asm, R } from "../cpu/guest.ts";
import { Assembly, type Label } from "../lockstep/assembly.ts";
import { Random } from "../support/random.ts";

const NOP = 0;

/** A branch whose offset is set when the words are laid out. */
function branch(name: string, registers: readonly number[], to: Label) {
  return (at: number, addressOf: (label: Label) => number): number =>
    asm(name, ...registers, (addressOf(to) - at - 4) >> 2);
}

function jump(name: "j" | "jal", to: Label) {
  return (_: number, addressOf: (label: Label) => number): number =>
    asm(name, (addressOf(to) & 0x0fffffff) >>> 2);
}

/** Runs `body` s0 times; it may use every other register. */
function rounds(address: number, body: (code: Assembly) => void): number[] {
  const code = new Assembly();
  const [again, done] = [Symbol("again"), Symbol("done")];
  code.place(again);
  body(code);
  code.add(asm("addiu", R.s0, R.s0, -1), branch("blez", [R.s0], done), NOP);
  code.add(jump("j", again), NOP);
  code.place(done);
  code.add(asm("break", 0, 0));
  return code.layOut(address);
}

/** This many instructions in sequence. */
export function straightLine(address: number, length: number): number[] {
  const random = new Random(1);
  return rounds(address, (code) => {
    for (let i = 0; i < length; i++) {
      const [to, from] = [2 + random.below(6), 2 + random.below(6)];
      code.add(asm(i % 3 === 0 ? "xor" : "addu", to, from, 2 + random.below(6)));
    }
  });
}

/** This many blocks, each of which may skip the next one. */
export function manyBlocks(address: number, count: number): number[] {
  return rounds(address, (code) => {
    let skipped = Symbol("block");
    for (let i = 0; i < count; i++) {
      const after = Symbol("block");
      code.add(asm("andi", R.t0, R.v0, 1 << (i % 7)));
      code.add(branch("beq", [R.t0, R.zero], after), asm("addiu", R.v0, R.v0, (i % 11) + 1));
      code.place(skipped);
      code.add(asm("xor", R.v1, R.v1, R.v0));
      skipped = after;
    }
    code.place(skipped);
    code.add(NOP);
  });
}

/** One place for every node, with a way from each to two others, in any order: no loop has a single entry. */
export function irreducible(address: number, nodes: number, seed: number): number[] {
  const random = new Random(seed);
  const code = new Assembly();
  const places = Array.from({ length: nodes }, () => Symbol("node"));
  const done = Symbol("done");
  const any = (): Label => places[random.below(nodes)] as Label;
  for (const place of places) {
    code.place(place);
    code.add(asm("addiu", R.s0, R.s0, -1));
    code.add(branch("blez", [R.s0], done), asm("addiu", R.v0, R.v0, random.below(100)));
    code.add(asm("rotr", R.v0, R.v0, 1 + random.below(9)), asm("andi", R.t0, R.v0, 5));
    const likely = random.below(3) === 0 ? "bnel" : "bne";
    code.add(branch(likely, [R.t0, R.zero], any()), asm("xor", R.v1, R.v1, R.v0));
    code.add(jump("j", any()), NOP);
  }
  code.place(done);
  code.add(asm("break", 0, 0));
  return code.layOut(address);
}

/** A jump through a register to this many places, in an irregular order. */
export function manyTargets(address: number, count: number): number[] {
  const table = Symbol("table");
  const joined = Symbol("joined");
  const code = new Assembly();
  const again = Symbol("again");
  code.place(again);
  code.add(asm("addiu", R.t0, R.t0, 7919), asm("ori", R.t1, R.zero, count));
  code.add(asm("divu", R.t0, R.t1), asm("mfhi", R.t2), asm("sll", R.t2, R.t2, 4));
  code.add((_, addressOf) => asm("lui", R.t1, addressOf(table) >>> 16));
  code.add((_, addressOf) => asm("ori", R.t1, R.t1, addressOf(table) & 0xffff));
  code.add(asm("addu", R.t1, R.t1, R.t2), asm("jr", R.t1), NOP);
  code.place(joined);
  code.add(asm("addiu", R.s0, R.s0, -1), branch("bgtz", [R.s0], again), NOP, asm("break", 0, 0));
  code.place(table);
  for (let i = 0; i < count; i++) {
    code.add(asm("addiu", R.v0, R.v0, i % 1000), asm("rotr", R.v0, R.v0, 3));
    code.add(jump("j", joined), asm("xor", R.v1, R.v1, R.v0));
  }
  return code.layOut(address);
}

/** f calls itself at its start: it never returns. */
export function endlessRecursion(address: number): number[] {
  const code = new Assembly();
  const f = Symbol("f");
  code.place(f);
  code.add(asm("addiu", R.v0, R.v0, 1), jump("jal", f), asm("xor", R.v1, R.v1, R.v0));
  code.add(asm("jr", R.ra), NOP);
  return code.layOut(address);
}

/** even and odd call one another s0 deep, with frames on the stack at sp, and return. */
export function mutualRecursion(address: number): number[] {
  const code = new Assembly();
  const [even, odd, out, end] = [Symbol("even"), Symbol("odd"), Symbol("out"), Symbol("end")];
  code.add(jump("jal", even), NOP, asm("break", 0, 0));
  for (const [self, other] of [
    [even, odd],
    [odd, even],
  ] as const) {
    code.place(self);
    code.add(asm("addiu", R.sp, R.sp, -8), asm("sw", R.ra, 4, R.sp), asm("sw", R.s0, 0, R.sp));
    code.add(branch("blez", [R.s0], out), asm("addiu", R.s0, R.s0, -1));
    code.add(jump("jal", other), asm("addiu", R.v0, R.v0, self === even ? 1 : 3));
    code.add(jump("j", end), NOP);
  }
  code.place(out);
  code.add(NOP);
  code.place(end);
  code.add(asm("lw", R.s0, 0, R.sp), asm("lw", R.ra, 4, R.sp), asm("xor", R.v0, R.v0, R.s0));
  code.add(asm("jr", R.ra), asm("addiu", R.sp, R.sp, 8));
  return code.layOut(address);
}

/** A loop with branches into and over delay slots. */
export function intoDelaySlots(address: number): number[] {
  return rounds(address, (code) => {
    const [slot, on] = [Symbol("slot"), Symbol("on")];
    code.add(asm("andi", R.t0, R.v0, 3), branch("bne", [R.t0, R.zero], slot), NOP);
    code.add(branch("beq", [R.zero, R.zero], on));
    code.place(slot);
    code.add(asm("addiu", R.v0, R.v0, 5));
    code.add(asm("xor", R.v1, R.v1, R.v0));
    code.place(on);
    code.add(asm("addiu", R.v0, R.v0, 1));
  });
}

/** Writes another immediate into an instruction of its loop in each round, through the address in a0. */
export function rewritesItself(address: number, alias: number): number[] {
  return rounds(address, (code) => {
    const site = Symbol("site");
    code.add((_, addressOf) => asm("lui", R.t1, (addressOf(site) | alias) >>> 16));
    code.add((_, addressOf) => asm("ori", R.t1, R.t1, addressOf(site) & 0xffff));
    code.add(asm("lw", R.t0, 0, R.t1), asm("xori", R.t0, R.t0, 0x3), asm("sw", R.t0, 0, R.t1));
    code.place(site);
    code.add(asm("addiu", R.v0, R.v0, 1), asm("rotr", R.v0, R.v0, 7));
  });
}
