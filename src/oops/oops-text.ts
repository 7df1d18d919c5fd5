// Reads the oopses in a console's output, dmesg's or a syslog file: what arch/mips/kernel/traps.c prints (die(),
// show_registers(), show_code()) in Linux 4.x to 6.18, for 32 and 64 bits, and the traces of warnings and panics. Lines
// may be missing at either end, and other lines may be between. It only reads; decode.ts finds out what the addresses
// are.

import type { Address } from "../address.ts";
import { printable } from "../bytes/printable.ts";
import { linesOf } from "../bytes/text-lines.ts";
import { Misuse } from "../errors.ts";
import { LOADED_MODULES, LOG_LINES, OOPS_CALLS, OOPS_CODE, OOPSES, TEXT_LINE } from "../limits.ts";

/** `name+0xoffset/0xsize [module]`, as %pS prints an address. */
export interface PrintedSymbol {
  readonly name: string;
  readonly offset: number;
  /** Bytes up to the next symbol, as kallsyms counts them. */
  readonly size: number;
  readonly module: string | null;
}

export interface PrintedAddress {
  readonly address: Address;
  /** null for a kernel without kallsyms, or an address without a symbol. */
  readonly symbol: PrintedSymbol | null;
}

export interface PrintedCall extends PrintedAddress {
  /** Whether the kernel itself marked the entry with a question mark. */
  readonly doubtful: boolean;
}

export interface CodeWordText {
  readonly word: number;
  /** 2 for MIPS16 and microMIPS code. */
  readonly size: 2 | 4;
  /** The word at epc. */
  readonly atEpc: boolean;
}

/** An oops, a warning or a panic; null or empty: it isn't in the text. */
export interface OopsText {
  /** What the kernel says first: the lines before the registers, without times. */
  readonly lines: readonly string[];
  /** Oops, Kernel bug detected, ...: the text before [#1]. */
  readonly title: string | null;
  /** The number of oopses since the kernel was booted: of [#1]. */
  readonly number: number | null;
  readonly cpu: number | null;
  readonly pid: number | null;
  readonly process: string | null;
  /** "6.1.0-50-4kc-malta". */
  readonly release: string | null;
  /** The general registers; null: not in the text, as always for k0 and k1. */
  readonly registers: readonly (Address | null)[];
  readonly hi: Address | null;
  readonly lo: Address | null;
  readonly epc: PrintedAddress | null;
  readonly ra: PrintedAddress | null;
  readonly status: number | null;
  readonly cause: number | null;
  readonly badVAddr: Address | null;
  readonly processor: string | null;
  readonly modules: readonly LinkedModule[];
  readonly lastUnloaded: string | null;
  readonly calls: readonly PrintedCall[];
  readonly code: readonly CodeWordText[];
}

export interface LinkedModule {
  readonly name: string;
  /** The letters of its taints, and + or - while it is loaded or unloaded. */
  readonly flags: string;
}

/** A line of /proc/modules. */
export interface ModuleLine {
  readonly name: string;
  readonly size: number;
  readonly address: Address;
}

export interface CrashLog {
  readonly oopses: readonly OopsText[];
  readonly moduleLines: readonly ModuleLine[];
}

const MOST_LINES_BEFORE = 8;

/**
 * The date, host and program of syslog's and logread's lines; the level of /proc/kmsg; the time and, if configured, the
 * caller.
 */
const PREFIX =
  /^(?:(?:(?:[A-Z][a-z]{2} ){1,2} ?\d+ \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) .{0,100}?\bkernel: )?(?:<\d+>)?(?:\[ *\d+\.\d+\] ?)?(?:\[ *[TC]\d+\] ?)?/;
const HEX = "(?:[0-9a-f]{16}|[0-9a-f]{8})";
const SYMBOL = /^([^\s+]+)\+0x([0-9a-f]+)\/0x([0-9a-f]+)(?: \[([^\]\s]+)[^\]]*\])?/;
const TRACE_ENTRY = new RegExp(
  `\\[<(${HEX})>\\]( \\(?\\?\\)?)? ?([^\\[]*(?:\\[[A-Za-z][^\\]]*\\])?)`,
  "g",
);
const MODULE_LINE =
  /^([A-Za-z]\w*) (\d+) -?\d+ \S+ (?:Live|Loading|Unloading) 0x([0-9a-f]{8,16})\b/;
const MODULE_NAME = /^([A-Za-z0-9_]+)(?:\(([A-Z+-]+)\))?$/;
/** What the first line of an oops says already: do_page_fault() and do_be() of arch/mips print it before the registers. */
const STATED = new RegExp(
  `^(?:CPU (\\d+) )?(?:Unable .* at virtual address (${HEX})|(?:Data|Instruction) bus error), epc == (${HEX}), ra == (${HEX})`,
);
const BEGINNINGS = [
  /^(?:CPU \d+ )?Unable to handle kernel /,
  /^(?:Data|Instruction) bus error, epc/,
  /^\S.*\[#\d+\]:/,
  /^WARNING: (?:CPU: \d+ )?/,
  /^BUG: /,
  /^Kernel panic - not syncing: /,
  /^Kernel bug detected/,
];

/**
 * Reads a text, or its bytes. Lines that belong to no oops are skipped.
 * @throws Misuse for a text of more lines than any log has.
 */
export function readCrashLog(text: string | Uint8Array): CrashLog {
  const reader = new Reader();
  let lines = 0;
  for (const line of linesOf(text)) {
    lines += 1;
    if (lines > LOG_LINES) throw new Misuse(`the log has more than ${LOG_LINES} lines`);
    reader.line(line.slice(0, TEXT_LINE).replace(PREFIX, "").trimEnd());
  }
  return reader.finish();
}

/** An OopsText while it is read. */
type Draft = { -readonly [Key in keyof OopsText]: OopsText[Key] } & {
  lines: string[];
  registers: (Address | null)[];
  modules: LinkedModule[];
  calls: PrintedCall[];
  code: CodeWordText[];
};

function emptyDraft(): Draft {
  return {
    lines: [],
    title: null,
    number: null,
    cpu: null,
    pid: null,
    process: null,
    release: null,
    registers: new Array<Address | null>(32).fill(null),
    hi: null,
    lo: null,
    epc: null,
    ra: null,
    status: null,
    cause: null,
    badVAddr: null,
    processor: null,
    modules: [],
    lastUnloaded: null,
    calls: [],
    code: [],
  };
}

class Reader {
  readonly #oopses: OopsText[] = [];
  readonly #moduleLines: ModuleLine[] = [];
  #draft: Draft | null = null;
  /** The list that the last line began, which the next line may continue. */
  #list: "modules" | "calls" | null = null;

  line(line: string): void {
    const list = this.#list;
    this.#list = null;
    if (this.#moduleLine(line)) return;
    if (line.startsWith("---[ end ")) {
      this.#end();
      return;
    }
    if (BEGINNINGS.some((beginning) => beginning.test(line))) {
      this.#begin(line);
      return;
    }
    if (this.#known(line)) return;
    if (list === "modules" && this.#draft !== null && this.#names(line)) {
      this.#list = "modules";
    }
  }

  finish(): CrashLog {
    this.#end();
    return { oopses: this.#oopses, moduleLines: this.#moduleLines };
  }

  #moduleLine(line: string): boolean {
    const [, name, size, address] = MODULE_LINE.exec(line) ?? [];
    if (name === undefined || size === undefined || address === undefined) return false;
    const value = readAddress(address);
    // kptr_restrict hides addresses as zeros.
    if (Number(value) !== 0 && this.#moduleLines.length < LOADED_MODULES) {
      this.#moduleLines.push({ name, size: Number(size), address: value });
    }
    return true;
  }

  /** A line that begins an oops, or, while there are no registers, belongs to its beginning. */
  #begin(line: string): void {
    if (this.#draft !== null && !isBeginning(this.#draft)) this.#end();
    const draft = this.#open();
    if (draft.lines.length < MOST_LINES_BEFORE) draft.lines.push(printable(line));
    const [, title, number] = /^(\S.*)\[#(\d+)\]:/.exec(line) ?? [];
    if (title !== undefined) {
      draft.title = printable(title);
      draft.number = Number(number);
    }
  }

  #open(): Draft {
    this.#draft ??= emptyDraft();
    return this.#draft;
  }

  #end(): void {
    const draft = this.#draft;
    this.#draft = null;
    if (draft !== null) addStated(draft);
    if (draft !== null && hasContent(draft) && this.#oopses.length < OOPSES) {
      this.#oopses.push(draft);
    }
  }

  /** Reads a line in one of the forms of show_regs() and its callers. */
  #known(line: string): boolean {
    const field = /^(\$ ?\d+|Hi|Lo|Acx|epc|ra|Status|Cause|BadVA|PrId) *: ?(.*)$/.exec(line);
    if (field !== null) {
      this.#field((field[1] ?? "").replace(" ", ""), field[2] ?? "");
      return true;
    }
    const process = /^Process (.+) \(pid: (\d+), threadinfo=/.exec(line);
    if (process !== null) {
      const draft = this.#open();
      draft.process = printable(process[1] ?? "");
      draft.pid = Number(process[2]);
      return true;
    }
    const cpu =
      /^CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.+?) (?:Not tainted|Tainted:)(.*)$/.exec(line);
    if (cpu !== null) {
      const draft = this.#open();
      draft.cpu = Number(cpu[1]);
      draft.pid = Number(cpu[2]);
      draft.process = printable(cpu[3] ?? "");
      draft.release = /(?:^|\s)(\d+\.\d+\S*)/.exec(cpu[4] ?? "")?.[1] ?? null;
      return true;
    }
    if (line.startsWith("Modules linked in:")) {
      this.#open();
      this.#names(line.slice("Modules linked in:".length));
      this.#list = "modules";
      return true;
    }
    if (line.startsWith("Code:")) {
      this.#open().code = codeOf(line.slice("Code:".length, OOPS_CODE));
      return true;
    }
    if (line.startsWith("Call Trace:") || line.includes("[<")) {
      const { calls } = this.#open();
      for (const call of callsOf(line)) if (calls.length < OOPS_CALLS) calls.push(call);
      return true;
    }
    return false;
  }

  #field(name: string, text: string): void {
    const draft = this.#open();
    if (name.startsWith("$")) {
      if (name === "$0" && draft.registers[0] !== null) {
        this.#end();
        this.#field(name, text);
        return;
      }
      const values = text.match(new RegExp(`\\b${HEX}\\b`, "g")) ?? [];
      // $26 and $27 are left blank; a line that is cut off has fewer values.
      const first = Number(name.slice(1));
      for (const [index, value] of values.entries()) {
        if (index < 4 && first + index < 32) draft.registers[first + index] = readAddress(value);
      }
      return;
    }
    const [value] = new RegExp(`^${HEX}\\b`).exec(text) ?? [];
    if (value === undefined) return;
    switch (name) {
      case "Hi":
        draft.hi = readAddress(value);
        break;
      case "Lo":
        draft.lo = readAddress(value);
        break;
      case "epc":
      case "ra":
        draft[name] = {
          address: readAddress(value),
          symbol: symbolOf(text.slice(value.length + 1)),
        };
        break;
      case "Status":
        draft.status = Number.parseInt(value, 16);
        break;
      case "Cause":
        draft.cause = Number.parseInt(value, 16);
        break;
      case "BadVA":
        draft.badVAddr = readAddress(value);
        break;
      case "PrId":
        draft.processor = /\((.*)\)/.exec(text)?.[1] ?? null;
        break;
      default:
    }
  }

  /** Names of modules; returns whether all words of the line are. */
  #names(text: string): boolean {
    const draft = this.#open();
    const unloaded = /\[last unloaded: ([^\]]*)/.exec(text);
    if (unloaded !== null) {
      draft.lastUnloaded = MODULE_NAME.exec((unloaded[1] ?? "").split(" ")[0] ?? "")?.[1] ?? null;
    }
    const words = text.replace(/\[.*/, "").split(" ").filter(Boolean);
    const names = words.map((word) => MODULE_NAME.exec(word));
    if (names.includes(null)) return false;
    for (const [, name = "", flags = ""] of names as RegExpExecArray[]) {
      if (draft.modules.length < LOADED_MODULES) draft.modules.push({ name, flags });
    }
    return true;
  }
}

/** Fills what a log that ends before the registers lacks, from the oops's first lines. */
function addStated(draft: Draft): void {
  const [, cpu, badVAddr, epc, ra] =
    draft.lines.map((line) => STATED.exec(line)).findLast((found) => found !== null) ?? [];
  if (epc === undefined || ra === undefined) return;
  // Such a line is only printed when the kernel is about to die.
  draft.title ??= "Oops";
  if (cpu !== undefined) draft.cpu ??= Number(cpu);
  if (badVAddr !== undefined) draft.badVAddr ??= readAddress(badVAddr);
  draft.epc ??= { address: readAddress(epc), symbol: null };
  draft.ra ??= { address: readAddress(ra), symbol: null };
}

/** Whether only its first lines have been read. */
function isBeginning({ lines, registers, calls, epc }: Draft): boolean {
  return lines.length > 0 && calls.length === 0 && epc === null && registers[0] === null;
}

function hasContent({ registers, calls, epc, ra, code }: Draft): boolean {
  return (
    epc !== null ||
    ra !== null ||
    calls.length > 0 ||
    code.length > 0 ||
    registers.some((value) => value !== null)
  );
}

/** 8 digits make a 32-bit address, 16 a 64-bit one. */
function readAddress(digits: string): Address {
  return digits.length > 8 ? BigInt(`0x${digits}`) : Number.parseInt(digits, 16);
}

function symbolOf(text: string): PrintedSymbol | null {
  const [, name, offset, size, module] = SYMBOL.exec(text) ?? [];
  if (name === undefined || offset === undefined || size === undefined) return null;
  return {
    name: printable(name),
    offset: Number.parseInt(offset, 16),
    size: Number.parseInt(size, 16),
    module: module === undefined ? null : printable(module),
  };
}

function callsOf(line: string): PrintedCall[] {
  return [...line.matchAll(TRACE_ENTRY)].map(([, address = "", doubt, symbol = ""]) => ({
    address: readAddress(address),
    symbol: symbolOf(symbol.trim()),
    doubtful: doubt !== undefined,
  }));
}

function codeOf(text: string): CodeWordText[] {
  return [...text.matchAll(/(<?)\b([0-9a-f]{8}|[0-9a-f]{4})\b>?/g)].map(
    ([, mark, digits = ""]) => ({
      word: Number.parseInt(digits, 16),
      size: digits.length === 8 ? 4 : 2,
      atEpc: mark === "<",
    }),
  );
}
