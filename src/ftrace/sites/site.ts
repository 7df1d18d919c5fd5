// Call sites: the code that gcc puts at a function's begin to call _mcount, and the words that switch it. A site is
// recognized by its words, never by a kernel's configuration, because the wrong form would skip or repeat an
// instruction of the traced function. Pure: words in, words out; switching.ts writes them. Forms and words are those of
// arch/mips/kernel/ftrace.c and of gcc's MIPS_FUNCTION_PROFILER. Where the kernel's own patch would be wrong for a form
// (2009's short call in a module, -O0), the words used here preserve the stack and the function's instructions.

import {
  OP_ADDIU,
  OP_JAL,
  OP_LUI,
  OP_ORI,
  OP_SPECIAL,
  SPECIAL_ADDU,
  SPECIAL_OR,
} from "../../../assembly/shared/opcodes.ts";
import { GRAPH_LEAF } from "../../../assembly/shared/trace-ring.ts";
import { type Address, plus } from "../../address.ts";
import { assemble, NOP } from "../../isa/assemble.ts";
import { OP_DADDIU, SPECIAL_DADDU } from "../../isa/mips64.ts";
import { R } from "../../isa/registers.ts";
import { type SavedRa, savedRaByPrologue, savedRaByT4 } from "./saved-ra.ts";

/** `move at,ra`: passes the caller's return address, _mcount's second argument. */
export const MOVE_AT_RA = assemble("or", R.at, R.ra, R.zero);
export const JALR_V1 = assemble("jalr", R.ra, R.v1);
const JALR_T9 = assemble("jalr", R.ra, R.t9);
/** In o32, callers of _mcount push in the delay slot of the call; _mcount pops. */
const PUSHED = 8;
export const PUSH = assemble("addiu", R.sp, R.sp, -PUSHED);
const POP = assemble("addiu", R.sp, R.sp, PUSHED);
const MOST_RA_ADDRESS_WORDS = 3; // lui, ori, addu
/** The word that records the function tracer's event without a call. */
export const TRACE_SITE = assemble("farjal.trace_site", 0);
/** The greatest offset of a saved ra that a TRACE_ENTER word can encode, in words above sp. */
const HIGHEST_RA = GRAPH_LEAF - 1;

/** A call through v1, clang's through t9 (-mlong-calls: every module since 2.6.33) or a jal (kernel text; the modules of 2009). */
export interface CallSite<A extends Address = number> {
  readonly kind: "long" | "short";
  /** The address in __mcount_loc: the lui of a long call, the jal of a short one. */
  readonly address: A;
  /** The number of words in the sequence, from `address` on. */
  readonly words: number;
  /** Words that set t4 to the address of the saved ra, or to 0 in a leaf; none without -mmcount-ra-address. */
  readonly raAddressWords: number;
  /** -O0 or -fno-delayed-branch: the instruction meant for the delay slot (o32's push) is before the call. */
  readonly emptyDelaySlot: boolean;
  /** Where the function has its return address when it reaches the site; unused in n64. */
  readonly savedRa: SavedRa;
  /**
   * clang's form: it pushes nothing for _mcount to pop and doesn't pass the caller's address, so a call of Linux's
   * _mcount from it leaves the stack 8 bytes off. The site can be switched off, and traced by a word of farjal's.
   */
  readonly byClang?: true;
}

/** The two words at a site's address in one state. */
export type SitePatch = readonly [number, number];

/** The effect of the site: `call` calls _mcount; with a word of farjal's, the processor records the event itself. */
export type SiteState = "off" | "call" | { readonly word: number };

function opcode(word: number): number {
  return word >>> 26;
}

function isV1High(word: number): boolean {
  return opcode(word) === OP_LUI && ((word >>> 16) & 31) === R.v1;
}

function isV1Low(word: number): boolean {
  return word >>> 16 === ((OP_ADDIU << 10) | (3 << 5) | 3);
}

/** Whether a word only sets t4: `move`, `addiu`, `lui`, `ori` or `addu`, with which gcc loads an address. */
function setsT4(word: number): boolean {
  const rt = (word >>> 16) & 31;
  const rd = (word >>> 11) & 31;
  switch (opcode(word)) {
    case OP_ADDIU:
    case OP_DADDIU:
    case OP_ORI:
    case OP_LUI:
      return rt === R.t4;
    case OP_SPECIAL:
      return rd === R.t4 && [SPECIAL_OR, SPECIAL_ADDU, SPECIAL_DADDU].includes(word & 63);
    default:
      return false;
  }
}

/** Whether a word that sets t4 also reads t4. */
function readsT4(word: number): boolean {
  const rs = (word >>> 21) & 31;
  const rt = (word >>> 16) & 31;
  return rs === R.t4 || (opcode(word) === OP_SPECIAL && rt === R.t4);
}

/**
 * The number of words from `first` on, in steps of `step`, that pass the address of the saved ra: none without
 * -mmcount-ra-address, one in most functions, two or three if the frame is larger than 32 KiB.
 */
function raAddressWords(word: (index: number) => number, first: number, step: 1 | -1): number {
  let count = 0;
  while (count < MOST_RA_ADDRESS_WORDS && setsT4(word(first + step * count))) count += 1;
  return count;
}

/**
 * Recognizes the call of _mcount at `address`: an o32 one in a 32-bit module, an n64 one in a 64-bit one.
 * @param read returns the instruction word at a guest address, or undefined outside the module.
 * @returns undefined if the words have no known form: the site must then be left alone.
 */
export function recogniseSite<A extends Address>(
  address: A,
  read: (address: A) => number | undefined,
): CallSite<A> | undefined {
  const word = (index: number): number => read(plus(address, 4 * index)) ?? NOP;
  const short = opcode(word(0)) === OP_JAL;
  if (typeof address === "bigint")
    return short ? shortCall64(address, word) : longCall64(address, word);
  if (short) return shortCall(address, word);
  return longCall(address, word) ?? clangCall(address, word);
}

function shortCall<A extends Address>(
  address: A,
  word: (index: number) => number,
): CallSite<A> | undefined {
  const emptyDelaySlot = word(1) === NOP && word(-1) === PUSH;
  if (word(1) !== PUSH && !emptyDelaySlot) return undefined;
  const last = emptyDelaySlot ? -2 : -1;
  const raAddress = raAddressWords(word, last, -1);
  if (word(last - raAddress) !== MOVE_AT_RA) return undefined;
  const savedRa = savedRaOf(word, last - raAddress, last - raAddress + 1, raAddress);
  return { kind: "short", address, words: 2, raAddressWords: raAddress, emptyDelaySlot, savedRa };
}

/**
 * clang -pg -mlong-calls: `lui at; addiu t9,at; jalr t9`, and in the delay slot an instruction of the function, which
 * runs in every state. The function makes a call, so it has stored ra; if its prologue doesn't show that, the site is
 * not recognized.
 */
function clangCall<A extends Address>(
  address: A,
  word: (index: number) => number,
): CallSite<A> | undefined {
  const high = assemble("lui", R.at, word(0) & 0xffff);
  const low = assemble("addiu", R.t9, R.at, (word(1) << 16) >> 16);
  const loads = word(0) === high && word(1) === low;
  if (!loads || word(2) !== JALR_T9) return undefined;
  const savedRa = savedRaByPrologue(word);
  return {
    kind: "long",
    address,
    words: 3,
    raAddressWords: 0,
    emptyDelaySlot: false,
    savedRa: savedRa === "ra" ? "unknown" : savedRa,
    byClang: true,
  };
}

function longCall<A extends Address>(
  address: A,
  word: (index: number) => number,
): CallSite<A> | undefined {
  if (!isV1High(word(0)) || !isV1Low(word(1)) || word(2) !== MOVE_AT_RA) return undefined;
  const raAddress = raAddressWords(word, 3, 1);
  const call = 3 + raAddress;
  // If one word can't make t4 (a large frame), mended modules have the other words before the site.
  const before = raAddress === 1 && readsT4(word(3)) ? raAddressWords(word, -1, -1) : 0;
  const savedRa =
    before === 0
      ? savedRaOf(word, 0, 3, raAddress)
      : savedRaByT4([...wordsFrom(word, -before, before), word(3)]);
  const site = { kind: "long", address, raAddressWords: raAddress, savedRa } as const;
  if (word(call) === JALR_V1 && word(call + 1) === PUSH) {
    return { ...site, words: call + 2, emptyDelaySlot: false };
  }
  if (word(call) === PUSH && word(call + 1) === JALR_V1 && word(call + 2) === NOP) {
    return { ...site, words: call + 3, emptyDelaySlot: true };
  }
  return undefined;
}

/** @param start the sequence's first word. @param t4 the first of the `count` words that set t4. */
function savedRaOf(
  word: (index: number) => number,
  start: number,
  t4: number,
  count: number,
): SavedRa {
  if (count === 0) return savedRaByPrologue((index) => word(start + index));
  return savedRaByT4(wordsFrom(word, t4, count));
}

function wordsFrom(word: (index: number) => number, first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => word(first + index));
}

/** n64's callers push nothing: the delay slot has the last word for the ra address, or a nop. */
function shortCall64<A extends Address>(
  address: A,
  word: (index: number) => number,
): CallSite<A> | undefined {
  const before = raAddressWords(word, -1, -1);
  const inSlot = setsT4(word(1));
  if ((word(1) !== NOP && !inSlot) || word(-1 - before) !== MOVE_AT_RA) return undefined;
  const raAddress = before + (inSlot ? 1 : 0);
  const emptyDelaySlot = !inSlot && before > 0;
  return {
    kind: "short",
    address,
    words: 2,
    raAddressWords: raAddress,
    emptyDelaySlot,
    savedRa: "unknown",
  };
}

function longCall64<A extends Address>(
  address: A,
  word: (index: number) => number,
): CallSite<A> | undefined {
  const move = addressWords64(word);
  if (move === null || word(move) !== MOVE_AT_RA) return undefined;
  const before = raAddressWords(word, move + 1, 1);
  const call = move + 1 + before;
  const inSlot = setsT4(word(call + 1));
  if (word(call) !== JALR_V1 || (word(call + 1) !== NOP && !inSlot)) return undefined;
  return {
    kind: "long",
    address,
    words: call + 2,
    raAddressWords: before + (inSlot ? 1 : 0),
    emptyDelaySlot: !inSlot && before > 0,
    savedRa: "unknown",
  };
}

/** lui at; daddiu v1; daddiu at; dsll32 v1,v1,0; daddu v1,v1,at: after lui v1, the rest of a full address. */
const FULL_ADDRESS = [
  [0x3c010000, 0xffff0000],
  [0x64630000, 0xffff0000],
  [0x64210000, 0xffff0000],
  [0x0003183c, 0xffffffff],
  [0x0061182d, 0xffffffff],
] as const;

/** The number of words that load _mcount's address into v1: two with -msym32, six without; null if there are none. */
function addressWords64(word: (index: number) => number): 2 | 6 | null {
  if (!isV1High(word(0))) return null;
  if (word(1) >>> 16 === ((OP_DADDIU << 10) | (3 << 5) | 3)) return 2;
  const full = FULL_ADDRESS.every(
    ([value, mask], index) => (word(index + 1) & mask) >>> 0 === value,
  );
  return full ? 6 : null;
}

/**
 * `b` past the sequence, as the kernel writes it: 10000005 with one word for the ra address in o32, 10000004 without
 * and in n64. If the delay slot is empty, the branch goes to its nop.
 */
function branchOver<A extends Address>(site: CallSite<A>): number {
  return assemble("beq", R.zero, R.zero, site.words - (site.emptyDelaySlot ? 2 : 1));
}

/**
 * The two words at the site in each state.
 *
 * | form | off | a word | call |
 * |---|---|---|---|
 * | long | `b` over; nop | `b` over; the word | as loaded: `lui v1`; `addiu v1` |
 * | clang's | `b` to its delay slot; nop | the same `b`; the word | as loaded: `lui at`; `addiu t9,at` |
 * | short | nop; nop | the word; nop | as loaded: `jal`; `addiu sp,sp,-8` |
 * | short, empty delay slot | nop; `addiu sp,sp,8` | the word; `addiu sp,sp,8` | as loaded |
 *
 * An -O0 long call branches to the nop in its delay slot, so its push and _mcount's pop are both skipped. In n64
 * nothing is pushed, and the second word is unchanged except for the trace word of a long call.
 * @param loaded the two words as relocation left them.
 */
export function sitePatch<A extends Address>(
  site: CallSite<A>,
  state: SiteState,
  loaded: SitePatch,
): SitePatch {
  if (state === "call") return loaded;
  const word = state === "off" ? NOP : state.word;
  if (typeof site.address === "bigint") {
    if (site.kind === "short") return [word, loaded[1]];
    return [branchOver(site), state === "off" ? loaded[1] : word];
  }
  if (site.kind === "long") return [branchOver(site), word];
  return [word, site.emptyDelaySlot ? POP : NOP];
}

/**
 * The word that enters the function into function_graph's shadow stack without a call, or undefined if it isn't known
 * where the function has its return address.
 * @param bits GRAPH_OPENS, GRAPH_WITHIN, GRAPH_SILENCES.
 */
export function enterWord(site: CallSite, bits: number): number | undefined {
  const place = raPlace(site);
  if (place === undefined) return undefined;
  return assemble("farjal.trace_enter", (bits << 16) | place);
}

/** In words above sp, or GRAPH_LEAF. A short call with an empty delay slot comes after the push. */
function raPlace({ savedRa, kind, emptyDelaySlot }: CallSite): number | undefined {
  if (savedRa === "ra") return GRAPH_LEAF;
  if (savedRa === "unknown") return undefined;
  const bytes = savedRa + (kind === "short" && emptyDelaySlot ? PUSHED : 0);
  return bytes % 4 === 0 && bytes >= 0 && bytes / 4 <= HIGHEST_RA ? bytes / 4 : undefined;
}
