// Call sites: what gcc leaves at a function's start for _mcount, and the words that switch it.
// A site is recognised by the words that stand there, never by what a kernel's configuration says,
// because the wrong form skips or repeats an instruction of the traced function. Pure: words in,
// words out; tracer.ts writes them. Forms and words are arch/mips/kernel/ftrace.c's and gcc's
// MIPS_FUNCTION_PROFILER's; where the kernel's own patch would be wrong for a form (2009's short
// call in a module, -O0), the one that keeps the stack and the instructions whole is used.

import {
  OP_ADDIU,
  OP_BEQ,
  OP_JAL,
  OP_LUI,
  OP_SPECIAL2,
  SPECIAL2_TRACE_SITE,
} from "../../assembly/opcodes.ts";

const NOP = 0x00000000;
const MOVE_AT_RA = 0x03e00825; // move at,ra: the caller's return address, _mcount's second argument
const MOVE_T4_ZERO = 0x00006025; // move t4,zero: a leaf, no saved ra to redirect
const JALR_V1 = 0x0060f809; // jalr v1
const PUSH = 0x27bdfff8; // addiu sp,sp,-8: o32 callers of _mcount push, _mcount pops
const POP = 0x27bd0008; // addiu sp,sp,8
const TRACE_SITE = (OP_SPECIAL2 << 26) | SPECIAL2_TRACE_SITE;

/** A call through v1 (-mlong-calls: every module since 2.6.33) or a jal (kernel text; the modules of 2009). */
export interface CallSite {
  readonly kind: "long" | "short";
  /** Address that __mcount_loc names: the lui of a long call, the jal of a short one. */
  readonly address: number;
  /** Words of the whole sequence, from `address` on. */
  readonly words: number;
  /** gcc was told -mmcount-ra-address: t4 holds the address of the saved ra, or 0. */
  readonly passesRaAddress: boolean;
  /** -O0 or -fno-delayed-branch: the push stands before the call and its delay slot is empty. */
  readonly emptyDelaySlot: boolean;
}

/** The two words that stand at a site's address in one state. */
export type SitePatch = readonly [number, number];

/** What the site does: `call` goes to _mcount, `record` writes to the ring in passing. */
export type SiteState = "off" | "call" | "record";

function opcode(word: number): number {
  return word >>> 26;
}

function isV1High(word: number): boolean {
  return opcode(word) === OP_LUI && ((word >>> 16) & 31) === 3;
}

function isV1Low(word: number): boolean {
  return word >>> 16 === ((OP_ADDIU << 10) | (3 << 5) | 3);
}

/** `move t4,zero` or `addiu t4,sp,N`. */
function isRaAddress(word: number): boolean {
  return word === MOVE_T4_ZERO || word >>> 16 === ((OP_ADDIU << 10) | (29 << 5) | 12);
}

/**
 * Recognises the call to _mcount at `address`.
 * @param read returns the instruction word at a guest address, or undefined outside the module.
 * @returns undefined when no form fits: the site must then be left alone.
 */
export function recogniseSite(
  address: number,
  read: (address: number) => number | undefined,
): CallSite | undefined {
  const word = (index: number): number => read(address + 4 * index) ?? NOP;
  if (opcode(word(0)) === OP_JAL) {
    const emptyDelaySlot = word(1) === NOP && word(-1) === PUSH;
    if (word(1) !== PUSH && !emptyDelaySlot) return undefined;
    const beforeCall = emptyDelaySlot ? -2 : -1;
    const passesRaAddress = isRaAddress(word(beforeCall));
    if (word(passesRaAddress ? beforeCall - 1 : beforeCall) !== MOVE_AT_RA) return undefined;
    return {
      kind: "short",
      address,
      words: 2,
      passesRaAddress,
      emptyDelaySlot,
    };
  }
  if (!isV1High(word(0)) || !isV1Low(word(1)) || word(2) !== MOVE_AT_RA) return undefined;
  const passesRaAddress = isRaAddress(word(3));
  const call = passesRaAddress ? 4 : 3;
  if (word(call) === JALR_V1 && word(call + 1) === PUSH) {
    return {
      kind: "long",
      address,
      words: call + 2,
      passesRaAddress,
      emptyDelaySlot: false,
    };
  }
  if (word(call) === PUSH && word(call + 1) === JALR_V1 && word(call + 2) === NOP) {
    return {
      kind: "long",
      address,
      words: call + 3,
      passesRaAddress,
      emptyDelaySlot: true,
    };
  }
  return undefined;
}

/** `b` past the sequence, as the kernel writes it: over five words with the ra address, four without. */
function branchOver(site: CallSite): number {
  return ((OP_BEQ << 26) | (site.passesRaAddress ? 5 : 4)) >>> 0;
}

/**
 * The two words at the site in each state.
 *
 * | form | off | record | call |
 * |---|---|---|---|
 * | long | `b` over; nop | `b` over; trace | as loaded: `lui v1`; `addiu v1` |
 * | short | nop; nop | trace; nop | as loaded: `jal`; `addiu sp,sp,-8` |
 * | short, empty delay slot | nop; `addiu sp,sp,8` | trace; `addiu sp,sp,8` | as loaded |
 *
 * An -O0 long call branches to the nop in its delay slot, so its push and _mcount's pop are both skipped.
 * @param loaded the two words that relocation left there.
 */
export function sitePatch(site: CallSite, state: SiteState, loaded: SitePatch): SitePatch {
  if (state === "call") return loaded;
  const record = state === "record";
  if (site.kind === "long") return [branchOver(site), record ? TRACE_SITE : NOP];
  return [record ? TRACE_SITE : NOP, site.emptyDelaySlot ? POP : NOP];
}

/** Bytes from a site to the return address that its call leaves in ra: ip = ra - this, whatever the form. */
export function returnDistance(site: CallSite): number {
  return 4 * site.words;
}
