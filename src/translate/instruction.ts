// One guest instruction in the translator's form, as described by the core's emit(). Its semantics are in assembly/;
// this file has only what control flow is built from, and the generated code as bytes.

import {
  ACCESS_CHECKED,
  ACCESS_PAGES,
  ACCESS_WINDOW,
  EMIT_ACCESS,
  EMIT_BRANCH,
  EMIT_EXACT,
  EMIT_EXIT,
  EMIT_GUARDS,
  EMIT_JUMP,
  EMIT_JUMP_REGISTER,
  EMIT_LABEL,
  EMIT_LENGTH,
  EMIT_LIKELY,
  EMIT_LINK,
  EMIT_NEXT,
  EMIT_READS,
  EMIT_REFUND,
  EMIT_SITE,
  EMIT_TARGET,
  EMIT_WINDOW_OFFSET,
  EMIT_WINDOW_SIZE,
  EMIT_WINDOW_START,
  EMIT_WRITES,
} from "../../assembly/shared/emitted-code.ts";
import { EMITTED } from "../../assembly/shared/memory-map.ts";

const KINDS: ReadonlyMap<number, Instruction["kind"]> = new Map([
  [EMIT_NEXT, "next"],
  [EMIT_BRANCH, "branch"],
  [EMIT_LIKELY, "likely"],
  [EMIT_JUMP, "jump"],
  [EMIT_JUMP_REGISTER, "jump register"],
  [EMIT_EXACT, "exact"],
]);

export interface Instruction {
  readonly pc: number;
  readonly word: number;
  /** "exact" has no code: the interpreter executes it. */
  readonly kind: "next" | "branch" | "likely" | "jump" | "jump register" | "exact";
  /** Sets of registers, one bit each; bit 0 is HI and LO. */
  readonly reads: number;
  readonly writes: number;
  /** The target of a branch or of a jump that encodes it; 0 otherwise. */
  readonly target: number;
  /** The register that gets the return address, or 0. */
  readonly link: number;
  /** Whether it may leave its unit before it is complete. */
  readonly guards: boolean;
}

/** A range of memory that is contiguous both for the guest and for the host. */
export interface Window {
  /** Guest address. */
  readonly start: number;
  readonly size: number;
  /** The offset of its first byte in the shared memory. */
  readonly offset: number;
}

/** A window that is known to contain the access: an earlier guard has found so, or the code says it. */
export interface GuardedWindow extends Window {
  readonly isGuarded: true;
}

export function isGuarded(access: Access | undefined): access is GuardedWindow {
  return typeof access === "object" && "isGuarded" in access;
}

/** How an instruction finds the memory it accesses: through the page tables, in a window, or beside code. */
export type Access = "pages" | "checked" | Window | GuardedWindow;

/** Where the code of an instruction will be placed. */
export interface Surroundings {
  readonly access: Access;
  /** The number that a failing guard's branch carries, and the depth of the branch. */
  readonly exit: number;
  readonly label: number;
  /** Instructions that FUEL is ahead by when it begins; negative: it is behind. */
  readonly refund: number;
  /** The address in a trace record: the instruction's, or that of the branch whose delay slot it is. */
  readonly site: number;
}

const NOWHERE: Surroundings = { access: "pages", exit: 0, label: 0, refund: 0, site: 0 };

/** The core's functions that write code. */
export interface EmittingCore {
  /** Writes the code of one instruction and returns its kind, EMIT_*. */
  emit(word: number, pc: number): number;
  /** Writes the code for the return of a traced function. */
  emitLeave(): void;
}

/** The core's emit functions, with their words in the shared memory. */
export class Emitter {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #core: EmittingCore;

  constructor(memory: SharedArrayBuffer, core: EmittingCore) {
    this.#words = new Uint32Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#core = core;
  }

  /** Describes the instruction. */
  read(word: number, pc: number): Instruction {
    const kind = KINDS.get(this.#write(word, pc, NOWHERE)) ?? "exact";
    const at = (address: number): number => this.#words[address / 4] ?? 0;
    return {
      pc,
      word,
      kind,
      reads: at(EMIT_READS),
      writes: at(EMIT_WRITES),
      target: at(EMIT_TARGET),
      link: at(EMIT_LINK),
      guards: at(EMIT_GUARDS) !== 0,
    };
  }

  /** The code of the instruction, valid until the next call. */
  code({ word, pc, kind }: Instruction, surroundings: Surroundings): Uint8Array {
    if (KINDS.get(this.#write(word, pc, surroundings)) !== kind) {
      throw new Error("an instruction is read in two ways");
    }
    return this.#emitted();
  }

  /** Code for a traced function's return to LOCAL_TARGET, its state being stored; valid until the next call. */
  leaving(): Uint8Array {
    this.#core.emitLeave();
    return this.#emitted();
  }

  #emitted(): Uint8Array {
    return this.#bytes.subarray(EMITTED, EMITTED + (this.#words[EMIT_LENGTH / 4] ?? 0));
  }

  #write(word: number, pc: number, { access, exit, label, refund, site }: Surroundings): number {
    const words = this.#words;
    words[EMIT_EXIT / 4] = exit;
    words[EMIT_LABEL / 4] = label;
    words[EMIT_REFUND / 4] = refund;
    words[EMIT_SITE / 4] = site;
    if (typeof access === "string") {
      words[EMIT_ACCESS / 4] = access === "pages" ? ACCESS_PAGES : ACCESS_CHECKED;
    } else {
      words[EMIT_ACCESS / 4] = ACCESS_WINDOW;
      words[EMIT_WINDOW_START / 4] = access.start;
      words[EMIT_WINDOW_SIZE / 4] = "isGuarded" in access ? 0 : access.size;
      words[EMIT_WINDOW_OFFSET / 4] = access.offset;
    }
    return this.#core.emit(word, pc);
  }
}
