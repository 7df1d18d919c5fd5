// Relocates a placed module: apply_relocations() of Linux 6.1. It processes sections in index order, skips those that
// aren't loaded, and stops at the first failure. The core does the arithmetic and returns a code
// (assembly/relocation/relocate.ts), which this file turns into the kernel's line and farjal's explanation.

import {
  RELOC_COMPOSITE,
  RELOC_DANGEROUS,
  RELOC_NO_SYMBOL,
  RELOC_NOT_ON_32_BIT,
  RELOC_OK,
  RELOC_OUT_OF_SECTION,
  RELOC_OVERFLOW,
  RELOC_TOO_MANY_PENDING,
  RELOC_UNKNOWN_SYMBOL,
  RELOC_UNKNOWN_TYPE,
  RELOC_UNPAIRED_HI16,
} from "../../../assembly/shared/relocation.ts";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_64,
  R_MIPS_HI16,
  R_MIPS_HIGHER,
  R_MIPS_HIGHEST,
  R_MIPS_JALR,
  R_MIPS_LO16,
  R_MIPS_NONE,
  R_MIPS_PC16,
  R_MIPS_PC21_S2,
  R_MIPS_PC26_S2,
} from "../../../assembly/shared/relocation-types.ts";
import { type Address, plus } from "../../address.ts";
import { swapWords } from "../../bytes/text.ts";
import { relocationKind, relocationTable } from "../../elf/contents.ts";
import { compressedCode, relocationName } from "../../elf/names.ts";
import { REL_SIZE, RELA64_SIZE, SHT_REL, SHT_RELA } from "../../elf/numbers.ts";
import type { ElfObject, RelocationTable } from "../../elf/object.ts";
import type { Refusal } from "../../errors.ts";
import { hex } from "../../hex.ts";
import { reachOf, regionOf } from "../../trampoline/region.ts";
import type { AddressArray } from "../host.ts";
import type { Loading } from "../loading.ts";
import { appliedEntries, stoppingSymbols } from "./applied.ts";
import { symbolName } from "./jumps.ts";

/** The types that a 64-bit kernel knows: reloc_handlers of arch/mips/kernel/module.c. */
const KNOWN_64: ReadonlySet<number> = new Set([
  R_MIPS_NONE,
  R_MIPS_32,
  R_MIPS_26,
  R_MIPS_HI16,
  R_MIPS_LO16,
  R_MIPS_PC16,
  R_MIPS_64,
  R_MIPS_HIGHER,
  R_MIPS_HIGHEST,
  R_MIPS_PC21_S2,
  R_MIPS_PC26_S2,
]);

export interface RelocationWork<A extends Address> {
  /** Addresses of the loaded sections, by index. */
  readonly addresses: ReadonlyMap<number, A>;
  /** Final symbol values, by index. */
  readonly values: readonly A[];
  /** Sites that already hold their final instruction and are not relocated. */
  readonly mended: ReadonlySet<A>;
  /** The end of the explanation of a jump that overflows. */
  farJumpHint(site: A): string;
}

interface Job<A extends Address> extends RelocationWork<A> {
  readonly loading: Loading<A>;
  /** `values` in the core's form. */
  readonly symbols: AddressArray;
  /** Symbols that make Linux stop processing a section at their first relocation (applied.ts). */
  readonly stopping: ReadonlySet<number>;
}

/** The kernel's line for a jump or branch that doesn't reach. */
export function overflowLine(name: string): string {
  return `module ${name}: relocation overflow`;
}

/** @throws Refusal, as Linux refuses. */
export function relocateModule<A extends Address>(
  loading: Loading<A>,
  work: RelocationWork<A>,
): void {
  const { elf } = loading.file;
  const job = {
    ...work,
    loading,
    symbols: loading.host.width.pack(work.values),
    stopping: stoppingSymbols(elf, (index) => work.values[index]),
  };
  for (const section of elf.sections) {
    const target = elf.sections[section.info];
    if (target === undefined || !work.addresses.has(target.index)) continue;
    if (section.type === otherKind(elf)) throw kindRefusal(loading, section.name);
    if (section.type === relocationKind(elf))
      relocateTable(job, appliedEntries(relocationTable(elf, section, target), job.stopping));
  }
}

function relocateTable<A extends Address>(job: Job<A>, table: RelocationTable): void {
  const address = job.addresses.get(table.target.index) ?? job.loading.host.width.zero;
  if (table.target.size === 0) {
    refuseOutside(job, table);
    return;
  }
  const entries = table.hasAddends ? stageRela(job, table, address) : stageRel(job, table, address);
  const { code, entry } = job.loading.host.relocate({
    address,
    size: table.target.size,
    symbols: job.symbols,
    entries,
  });
  if (code !== RELOC_OK) throw new Failure(job, table, entry).refusal(code);
}

/** An empty section may be at an unmapped address, so it is not passed to the core: nothing can be relocated. */
function refuseOutside<A extends Address>(job: Job<A>, table: RelocationTable): void {
  for (let entry = 0; entry < table.count; entry++) {
    if (table.type(entry) === R_MIPS_NONE) continue;
    throw new Failure(job, table, entry).refusal(RELOC_OUT_OF_SECTION);
  }
}

/** Whether an entry has no effect, because its jump is mended. */
function isIdle<A extends Address>(
  { mended }: Job<A>,
  table: RelocationTable,
  address: A,
  entry: number,
): boolean {
  return table.type(entry) === R_MIPS_26 && mended.has(plus(address, table.offset(entry)));
}

/** The entries in the host's byte order; those that have no effect become R_MIPS_NONE of symbol 0. */
function stageRel<A extends Address>(job: Job<A>, table: RelocationTable, address: A): Uint8Array {
  const entries = new Uint8Array(table.bytes);
  if (job.loading.file.elf.endian === "big") swapWords(entries);
  if (job.mended.size > 0) {
    for (let entry = 0; entry < table.count; entry++) {
      if (isIdle(job, table, address, entry))
        entries.fill(0, entry * REL_SIZE + 4, entry * REL_SIZE + 8);
    }
  }
  return entries;
}

/** The same for Elf64_Rela, whose four bytes of types have no byte order. */
function stageRela<A extends Address>(job: Job<A>, table: RelocationTable, address: A): Uint8Array {
  const entries = new Uint8Array(table.bytes);
  if (job.loading.file.elf.endian === "big") {
    for (let at = 0; at < entries.length; at += RELA64_SIZE) {
      entries.subarray(at, at + 8).reverse();
      entries.subarray(at + 8, at + 12).reverse();
      entries.subarray(at + 16, at + RELA64_SIZE).reverse();
    }
  }
  if (job.mended.size > 0) {
    for (let entry = 0; entry < table.count; entry++) {
      const at = entry * RELA64_SIZE;
      if (isIdle(job, table, address, entry)) entries.fill(0, at + 8, at + 16);
    }
  }
  return entries;
}

/** The type of relocation section that the kernel does not accept in modules of this class. */
function otherKind(elf: ElfObject): number {
  return relocationKind(elf) === SHT_REL ? SHT_RELA : SHT_REL;
}

function kindRefusal<A extends Address>(loading: Loading<A>, section: string): Refusal {
  if (loading.file.elf.class === 64) {
    return loading.refusal(
      null,
      `${section} holds relocations without addends (REL), which no compiler makes for 64 bits; a 64-bit kernel ` +
        "tries, and farjal doesn't",
    );
  }
  loading.dmesg.push(`module ${loading.file.name}: REL relocation unsupported`);
  return loading.refusal(
    "ENOEXEC",
    `${section} holds relocations with addends (RELA), which a 32-bit MIPS kernel doesn't take; the line says ` +
      "REL by mistake, in Linux too",
  );
}

/** One relocation that failed. */
class Failure<A extends Address> {
  readonly #job: Job<A>;
  readonly #loading: Loading<A>;
  readonly #table: RelocationTable;
  readonly #entry: number;

  constructor(job: Job<A>, table: RelocationTable, entry: number) {
    this.#job = job;
    this.#loading = job.loading;
    this.#table = table;
    this.#entry = entry;
  }

  refusal(code: number): Refusal {
    const { name } = this.#loading.file;
    switch (code) {
      case RELOC_OVERFLOW:
        return this.#refuse("ENOEXEC", overflowLine(name), this.#overflow());
      case RELOC_DANGEROUS:
        return this.#refuse(
          "ENOEXEC",
          `module ${name}: dangerous ${dangerousName(this.#type)} relocation`,
          this.#dangerous(),
        );
      case RELOC_UNKNOWN_TYPE:
        return this.#refuse(
          "EINVAL",
          `${name}: Unknown relocation type ${this.#type}`,
          this.#unknownType(),
        );
      case RELOC_UNKNOWN_SYMBOL:
        return this.#refuse(
          "ENOENT",
          `${name}: Unknown symbol ${this.#symbol}`,
          `${this.#symbol} is at ${hex(this.#value)}, and Linux takes the last 4095 addresses for error numbers`,
        );
      case RELOC_UNPAIRED_HI16:
        return this.#loading.refusal(
          "ENOEXEC",
          `${this.#table.section.name} ends with an R_MIPS_HI16 that no R_MIPS_LO16 follows; Linux refuses it ` +
            "without a word",
        );
      case RELOC_NOT_ON_32_BIT:
        return this.#loading.refusal(
          "EINVAL",
          `${this.#where} is ${relocationName(this.#type)}, which is for 64-bit kernels; Linux prints a warning ` +
            "with a stack trace",
        );
      case RELOC_OUT_OF_SECTION:
        return this.#damaged(
          `${this.#where} is outside the section's ${this.#table.target.size} bytes; Linux would not check this`,
        );
      case RELOC_NO_SYMBOL:
        return this.#damaged(
          `${this.#where} names symbol ${this.#table.symbol(this.#entry)}, which isn't there; Linux would not check this`,
        );
      case RELOC_COMPOSITE:
        if (!KNOWN_64.has(this.#type)) return this.refusal(RELOC_UNKNOWN_TYPE);
        return this.#loading.refusal(
          null,
          `${this.#where} is a composite one, of several types or with a special symbol, as for ` +
            "position-independent code; Linux applies its first type alone and loads the module wrong without a " +
            "word; build it as the kernel's own makefiles do (-fno-pic -mno-abicalls -G 0)",
        );
      case RELOC_TOO_MANY_PENDING:
        return this.#damaged(`${this.#where} is one R_MIPS_HI16 too many without an R_MIPS_LO16`);
      default:
        throw new Error(`relocate() returned ${code}`);
    }
  }

  get #type(): number {
    return this.#table.type(this.#entry);
  }

  get #symbol(): string {
    const { elf } = this.#loading.file;
    const symbol = elf.symbols[this.#table.symbol(this.#entry)];
    return symbol === undefined ? "" : symbolName(elf, symbol);
  }

  /** The value that the kernel's checks use: S, plus A if the relocation holds it. */
  get #value(): A {
    const { zero } = this.#loading.host.width;
    const symbol = this.#job.values[this.#table.symbol(this.#entry)] ?? zero;
    return plus(symbol, this.#table.addend(this.#entry));
  }

  get #address(): A {
    const { zero } = this.#loading.host.width;
    const section = this.#job.addresses.get(this.#table.target.index) ?? zero;
    return plus(section, this.#table.offset(this.#entry));
  }

  /** `the relocation at .text+0x00000010 (0xc0000010)` */
  get #where(): string {
    const { target } = this.#table;
    return `the relocation at ${target.name}+${hex(this.#table.offset(this.#entry))} (${hex(this.#address)})`;
  }

  #refuse(errno: "ENOEXEC" | "EINVAL" | "ENOENT", line: string, explanation: string): Refusal {
    this.#loading.dmesg.push(line);
    return this.#loading.refusal(errno, explanation);
  }

  #damaged(explanation: string): Refusal {
    return this.#loading.refusal("ENOEXEC", `the module is damaged: ${explanation}`);
  }

  #overflow(): string {
    if (this.#type !== R_MIPS_26) {
      return `${this.#where} branches to ${this.#symbol} at ${hex(this.#value)}, further than its offset field holds`;
    }
    const site = this.#address;
    return (
      `the jump at ${this.#table.target.name}+${hex(this.#table.offset(this.#entry))} (${hex(site)}) stays in ` +
      `the 256 MiB region of ${hex(reachOf(site))}, and ${this.#symbol} at ${hex(this.#value)} is in that of ` +
      `${hex(regionOf(this.#value))}${this.#job.farJumpHint(site)}`
    );
  }

  #dangerous(): string {
    if (this.#type === R_MIPS_LO16) {
      return (
        `${this.#where} is an R_MIPS_LO16 of ${this.#symbol} (${hex(this.#value)}), but an R_MIPS_HI16 before it ` +
        "waits for another address"
      );
    }
    return `${this.#where} jumps to ${this.#symbol} at ${hex(this.#value)}, which isn't a multiple of 4`;
  }

  #unknownType(): string {
    const compressed = compressedCode(this.#type);
    const built =
      this.#type === R_MIPS_JALR
        ? "the object is position-independent code; build it with -fno-pic -mno-abicalls"
        : compressed !== null
          ? `it is ${compressed} code, which no kernel loads and farjal doesn't run; build it with ` +
            "-mno-mips16 -mno-micromips"
          : "build it as the kernel's own makefiles do (-fno-pic -mno-abicalls -G 0)";
    return `${this.#where} is ${relocationName(this.#type)}, which the kernel doesn't know; ${built}`;
  }
}

/** The types' names in the kernel's line: by the width of the field, without _S2. */
function dangerousName(type: number): string {
  switch (type) {
    case R_MIPS_PC16:
      return "R_MIPS_PC16";
    case R_MIPS_PC21_S2:
      return "R_MIPS_PC21";
    case R_MIPS_PC26_S2:
      return "R_MIPS_PC26";
    default:
      return relocationName(type);
  }
}
