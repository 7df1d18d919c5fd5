// Decodes an oops: what was read from its text (oops-text.ts), together with the files of its modules and its kernel
// (images.ts), becomes an explanation: which instruction failed and why, where it is in the source, who called it, and whether
// a jump went to the wrong 256 MiB region. It reads no files and renders nothing.

import { OP_JAL, OP_REGIMM, OP_SPECIAL } from "../../assembly/shared/opcodes.ts";
import { type Address, lowWord, plus } from "../address.ts";
import type { SourceFrame } from "../dwarf/debug-info.ts";
import { hex } from "../hex.ts";
import { disassemble } from "../isa/disassemble.ts";
import { registerName } from "../isa/registers.ts";
import { EXCEPTIONS } from "../processor/exceptions.ts";
import type { ImagePlace, KernelImage, ModuleImage } from "./images.ts";
import type {
  CodeWordText,
  ModuleLine,
  OopsText,
  PrintedAddress,
  PrintedSymbol,
} from "./oops-text.ts";
import { causeFields, excCodeOf, isInDelaySlot, statusFields } from "./registers.ts";

/** An address with all that is known about it. */
export interface CrashPlace {
  readonly address: Address;
  /** As the kernel prints it, or from the files where it printed none; null: unknown. */
  readonly symbol: string | null;
  /** null: the kernel's own, or unknown. */
  readonly module: string | null;
  /** The place in the module's file. */
  readonly section: string | null;
  readonly offset: number | null;
  /** The lines of the source, innermost first; for a return address those of the call. */
  readonly frames: readonly SourceFrame[];
}

export interface CrashCall extends CrashPlace {
  /**
   * frame: found by unwinding; scan: any address of code that was on the stack; stale: such an address that no call
   * precedes, so that it can't be a return address; doubtful: the kernel marked it.
   */
  readonly found: "frame" | "scan" | "stale" | "doubtful";
}

export interface CrashCodeLine {
  readonly address: Address;
  readonly word: number;
  /** The instruction; null for MIPS16 and microMIPS code. */
  readonly text: string | null;
  readonly atEpc: boolean;
  /** Whether it is the instruction that failed: at epc, or in the delay slot behind it. */
  readonly failed: boolean;
}

export interface Crash {
  readonly title: string | null;
  readonly number: number | null;
  readonly lines: readonly string[];
  readonly release: string | null;
  readonly cpu: number | null;
  readonly process: string | null;
  readonly pid: number | null;
  readonly exception: {
    readonly code: number;
    /** The manual's name. */
    readonly name: string;
    readonly says: string;
  } | null;
  readonly badVAddr: Address | null;
  readonly registers: readonly { readonly name: string; readonly value: Address }[];
  readonly status: { readonly value: number; readonly fields: readonly string[] } | null;
  readonly cause: { readonly value: number; readonly fields: readonly string[] } | null;
  /** The instruction that failed. */
  readonly epc: CrashPlace | null;
  readonly ra: CrashPlace | null;
  readonly code: readonly CrashCodeLine[];
  readonly calls: readonly CrashCall[];
  /** What happened, in sentences: the pointer that was null, the jump that went astray. */
  readonly findings: readonly string[];
  readonly notes: readonly string[];
}

/** The files, as far as they were found. */
export interface CrashImages {
  readonly kernel: KernelImage | null;
  readonly modules: ReadonlyMap<string, ModuleImage>;
}

const LINK = 31;
/** Bytes of a jump and its delay slot, before a return address. */
const CALL_SIZE = 8;
const REGION_MASK = 0x0fffffff;
/** Addresses below this are a null pointer with the offset of a member. */
const NULL_AREA = 0x10000;
const JALR = 9;

/**
 * The modules whose files are needed: those that the kernel has named, and those that, by the lines of /proc/modules,
 * were at an address of the oops, or at epc's offset in another 256 MiB region.
 */
export function modulesOf(oops: OopsText, lines: readonly ModuleLine[]): Set<string> {
  const names = new Set<string>();
  for (const one of addressesOf(oops)) {
    const { symbol, address } = one;
    if (symbol?.module) names.add(symbol.module);
    if (symbol !== null) continue;
    const mask = one === oops.epc ? REGION_MASK : -1;
    for (const { name, address: base, size } of lines) {
      const into = ((lowWord(address) & mask) >>> 0) - ((lowWord(base) & mask) >>> 0);
      if (into >= 0 && into < size) names.add(name);
    }
  }
  return names;
}

function addressesOf({ epc, ra, calls }: OopsText): PrintedAddress[] {
  return [epc, ra, ...calls].filter((one): one is PrintedAddress => one !== null);
}

export function decodeOops(
  oops: OopsText,
  lines: readonly ModuleLine[],
  images: CrashImages,
): Crash {
  for (const { name, address } of lines) images.modules.get(name)?.placeCode(address);
  for (const { symbol, address } of addressesOf(oops)) {
    if (symbol === null) continue;
    if (symbol.module === null) images.kernel?.learn(symbol, address);
    else images.modules.get(symbol.module)?.learn(symbol, address);
  }
  return new Decoder(oops, lines, images).crash();
}

class Decoder {
  readonly #oops: OopsText;
  readonly #lines: readonly ModuleLine[];
  readonly #images: CrashImages;

  constructor(oops: OopsText, lines: readonly ModuleLine[], images: CrashImages) {
    this.#oops = oops;
    this.#lines = lines;
    this.#images = images;
  }

  crash(): Crash {
    const { title, number, lines, release, cpu, process, pid, badVAddr } = this.#oops;
    const { status, cause, epc, ra, registers } = this.#oops;
    const code = cause === null ? null : excCodeOf(cause);
    const exception = code === null ? undefined : EXCEPTIONS.get(code);
    return {
      title,
      number,
      lines,
      release,
      cpu,
      process,
      pid,
      exception:
        code === null || exception === undefined
          ? null
          : { code, name: exception.name, says: exception.says },
      badVAddr,
      registers: registers.flatMap((value, index) =>
        value === null ? [] : [{ name: registerName(index), value }],
      ),
      status: status === null ? null : { value: status, fields: statusFields(status) },
      cause: cause === null ? null : { value: cause, fields: causeFields(cause) },
      epc: epc === null ? null : this.#place(epc, this.#delay),
      ra: ra === null ? null : this.#place(ra, -CALL_SIZE),
      code: this.#code(),
      calls: this.#calls(),
      findings: this.#findings(),
      notes: this.#notes(),
    };
  }

  /** The bytes from epc to the instruction that failed. */
  get #delay(): number {
    const { cause } = this.#oops;
    return cause !== null && isInDelaySlot(cause) ? 4 : 0;
  }

  /** @param to bytes from the printed address to the instruction whose line is wanted. */
  #place({ address, symbol }: PrintedAddress, to: number): CrashPlace {
    // At the beginning of a function the stack had its address, and not one behind a call.
    const shift = symbol !== null && symbol.offset + to < 0 ? 0 : to;
    const found = this.#locate(address, symbol);
    const frames =
      found.image === null
        ? found.module === null
          ? (this.#images.kernel?.framesAt(plus<Address>(address, shift)) ?? [])
          : []
        : found.image.framesAt({ ...found.place, offset: found.place.offset + shift });
    return {
      address,
      symbol: symbol === null ? this.#nameFromFiles(address) : printedName(symbol),
      module: found.module,
      section: found.image === null ? null : found.place.section.name,
      offset: found.image === null ? null : found.place.offset,
      frames,
    };
  }

  #locate(
    address: Address,
    symbol: PrintedSymbol | null,
  ):
    | { readonly module: string; readonly image: ModuleImage; readonly place: ImagePlace }
    | { readonly module: string | null; readonly image: null } {
    if (symbol !== null) {
      if (symbol.module === null) return { module: null, image: null };
      const image = this.#images.modules.get(symbol.module);
      const place = image?.placeOfSymbol(symbol) ?? null;
      return image === undefined || place === null
        ? { module: symbol.module, image: null }
        : { module: symbol.module, image, place };
    }
    for (const image of this.#images.modules.values()) {
      const place = image.placeOf(address);
      if (place !== null) return { module: image.name, image, place };
    }
    return { module: this.#moduleAround(address)?.name ?? null, image: null };
  }

  /** The module whose core block, by its line of /proc/modules, contains an address. */
  #moduleAround(address: Address): ModuleLine | undefined {
    return this.#lines.find(
      ({ address: base, size }) =>
        typeof base === typeof address && address >= base && address < plus<Address>(base, size),
    );
  }

  #nameFromFiles(address: Address): string | null {
    const found = this.#locate(address, null);
    const named =
      found.image === null
        ? found.module === null
          ? this.#images.kernel?.nameOf(address)
          : null
        : found.image.nameOf(found.place);
    if (named === null || named === undefined) return null;
    const module = found.module === null ? "" : ` [${found.module}]`;
    return `${named.name}+0x${named.offset.toString(16)}${module}`;
  }

  #wordAt(address: Address, symbol: PrintedSymbol | null): number | null {
    const found = this.#locate(address, symbol);
    if (found.image === null) {
      return found.module === null ? (this.#images.kernel?.wordAt(address) ?? null) : null;
    }
    return found.image.wordAt(found.place);
  }

  #calls(): CrashCall[] {
    const { calls, epc } = this.#oops;
    // An unwound trace begins with epc, or, in a warning's, with the function that prints it. The kernel scans the stack
    // when epc is not in its code.
    const scanned = epc !== null && calls[0]?.address !== epc.address;
    return calls.map((call, index) => {
      const isEpc = !scanned && epc !== null && index === 0;
      const found = call.doubtful
        ? "doubtful"
        : !scanned
          ? "frame"
          : this.#followsCall(call)
            ? "scan"
            : "stale";
      return { ...this.#place(call, isEpc ? this.#delay : -CALL_SIZE), found };
    });
  }

  /** False where the files show that the instruction before a return address is no call. */
  #followsCall({ address, symbol }: PrintedAddress): boolean {
    if (symbol !== null && symbol.offset < CALL_SIZE) return false;
    const before = symbol === null ? null : { ...symbol, offset: symbol.offset - CALL_SIZE };
    const word = this.#wordAt(plus<Address>(address, -CALL_SIZE), before);
    return word === null || isCall(word);
  }

  #code(): CrashCodeLine[] {
    const { code, epc } = this.#oops;
    const current = code.findIndex(({ atEpc }) => atEpc);
    if (epc === null || current < 0) return [];
    const size = code[current]?.size ?? 4;
    const failed = current + this.#delay / 4;
    return code.map(({ word, atEpc }, index) => {
      const address = plus<Address>(epc.address, size * (index - current));
      return {
        address,
        word,
        text: size === 4 ? disassemble(word, address) : null,
        atEpc,
        failed: size === 4 ? index === failed : atEpc,
      };
    });
  }

  #findings(): string[] {
    return [this.#badPointer(), this.#wrongRegion(), this.#freedModule(), this.#nullJump()].filter(
      (one) => one !== null,
    );
  }

  /** The register that held a null pointer, or whatever the address was made from. */
  #badPointer(): string | null {
    const { badVAddr, registers } = this.#oops;
    const failed = this.#code().find((line) => line.failed);
    if (badVAddr === null || failed === undefined) return null;
    const access = accessOf(failed.word);
    if (access === null) return null;
    const value = registers[access.base];
    if (value === null || value === undefined) return null;
    if (lowWord(plus<Address>(value, access.offset)) !== lowWord(badVAddr)) return null;
    const base = registerName(access.base);
    const what = `${base} is ${hex(value)}, and the instruction uses the address ${access.offset} bytes from it`;
    if (lowWord(value) === 0) return `${what}: a null pointer`;
    return lowWord(badVAddr) < NULL_AREA ? `${what}: almost a null pointer` : what;
  }

  /** MT7620, and every far jump that wasn't mended: the right offset in a wrong 256 MiB region. */
  #wrongRegion(): string | null {
    const { epc, ra } = this.#oops;
    if (epc === null || epc.symbol !== null) return null;
    if (
      this.#locate(epc.address, null).module !== null ||
      this.#nameFromFiles(epc.address) !== null
    ) {
      return null;
    }
    const jump = ra === null ? null : this.#callBefore(ra);
    const away = epc.address;
    for (let region = 0; region < 16; region++) {
      const meant = inRegion(away, region);
      if (meant === away) continue;
      const name = this.#nameFromFiles(meant);
      if (name === null) continue;
      const exact = jump !== null && jump.target === (lowWord(away) & REGION_MASK);
      const start = /\+0x0( |$)/.test(name);
      if (!exact && !start) continue;
      return (
        `epc ${hex(away)} is in no module and not in the kernel, but ${hex(meant)}, the same offset in another ` +
        `256 MiB region, is ${name}: the call went to a wrong region. A jal keeps the high four bits of its own ` +
        "address, so a far jump that isn't mended does this, and MediaTek's MT7620 does it at times by itself: see " +
        "farjal plan, and farjal mend --no-jumps"
      );
    }
    return null;
  }

  #freedModule(): string | null {
    const { epc, modules, lastUnloaded } = this.#oops;
    if (epc === null) return null;
    const around = this.#moduleAround(epc.address);
    if (around === undefined || modules.some(({ name }) => name === around.name)) return null;
    const last = lastUnloaded === around.name ? ", the module that was unloaded last" : "";
    const name = this.#nameFromFiles(epc.address);
    return (
      `epc ${hex(epc.address)} is where ${around.name} was${last}${name === null ? "" : ` (${name})`}: ` +
      "something called code of a module that is gone, such as a timer, a work item or a callback that its exit " +
      "function left behind"
    );
  }

  #nullJump(): string | null {
    const { epc, ra, registers } = this.#oops;
    if (epc === null || lowWord(epc.address) >= NULL_AREA) return null;
    const call = ra === null ? null : this.#callBefore(ra);
    const register = call?.register ?? null;
    const value = register === null ? null : registers[register];
    const through =
      register !== null && value !== null && value !== undefined && value === epc.address
        ? `, through ${registerName(register)}`
        : "";
    return `the processor was sent to ${hex(epc.address)}${through}: a call of a null function pointer`;
  }

  /** The call before a return address. */
  #callBefore({
    address,
    symbol,
  }: PrintedAddress): { readonly target: number | null; readonly register: number | null } | null {
    if (symbol !== null && symbol.offset < CALL_SIZE) return null;
    const before = symbol === null ? null : { ...symbol, offset: symbol.offset - CALL_SIZE };
    const at = plus<Address>(address, -CALL_SIZE);
    const word = this.#wordAt(at, before);
    if (word === null || !isCall(word)) return null;
    if (word >>> 26 === OP_JAL) {
      // In a module's file the target is still that of the relocation's addend.
      const found = this.#locate(at, before);
      return { target: found.image === null ? (word << 2) & REGION_MASK : null, register: null };
    }
    return word >>> 26 === OP_SPECIAL
      ? { target: null, register: (word >>> 21) & 31 }
      : { target: null, register: null };
  }

  #notes(): string[] {
    const notes: string[] = [];
    const { release, epc } = this.#oops;
    const kernel = this.#images.kernel;
    if (kernel?.release && release !== null && kernel.release !== release) {
      notes.push(`the oops is of ${release}, and the kernel's file is ${kernel.release}`);
    }
    const other = new Set<string>();
    for (const { symbol } of addressesOf(this.#oops)) {
      const image = symbol?.module ? this.#images.modules.get(symbol.module) : undefined;
      if (symbol !== null && image !== undefined && !image.isSameSize(symbol))
        other.add(image.name);
    }
    for (const name of other) {
      notes.push(`the file of ${name} is of another build: its functions have other sizes`);
    }
    if (epc !== null && other.size === 0) return notes.concat(this.#changedCode(epc));
    return notes;
  }

  /** Compares Code: with the module's file, where loading doesn't change it. */
  #changedCode({ address, symbol }: PrintedAddress): string[] {
    const found = this.#locate(address, symbol);
    if (found.image === null) return [];
    const { code } = this.#oops;
    const current = code.findIndex(({ atEpc }) => atEpc);
    const differs = (one: CodeWordText, index: number): boolean => {
      const offset = found.place.offset + 4 * (index - current);
      const place = { ...found.place, offset };
      const word = found.image.wordAt(place);
      return one.size === 4 && word !== null && word !== one.word && !found.image.isPatched(place);
    };
    return current >= 0 && code.some(differs)
      ? [
          `Code: differs from the file of ${found.module}: another build, or code that was changed in memory`,
        ]
      : [];
  }
}

/** The same offset in another of the 16 regions of 256 MiB that 32 bits of an address select. */
function inRegion(address: Address, region: number): Address {
  if (typeof address === "number") return ((address & REGION_MASK) | (region << 28)) >>> 0;
  return (address & ~0xf0000000n) | (BigInt(region) << 28n);
}

function printedName({ name, offset, size, module }: PrintedSymbol): string {
  const where = `${name}+0x${offset.toString(16)}/0x${size.toString(16)}`;
  return module === null ? where : `${where} [${module}]`;
}

/** jal, jalr, and the branches that link. */
function isCall(word: number): boolean {
  const opcode = word >>> 26;
  if (opcode === OP_JAL) return true;
  if (opcode === OP_SPECIAL) return (word & 63) === JALR && ((word >>> 11) & 31) === LINK;
  // bltzal, bgezal and their likely forms.
  return opcode === OP_REGIMM && ((word >>> 16) & 31 & 0x1c) === 0x10;
}

/** The register and the offset of a load or store. */
function accessOf(word: number): { readonly base: number; readonly offset: number } | null {
  const opcode = word >>> 26;
  // From lb to sdc2, without cache and pref; and ldl, ldr.
  const isAccess =
    (opcode >= 0x20 && opcode !== 0x2f && opcode !== 0x33) || opcode === 0x1a || opcode === 0x1b;
  return isAccess ? { base: (word >>> 21) & 31, offset: (word << 16) >> 16 } : null;
}
