// Relocates a placed module: apply_relocations() of Linux 6.1. Sections are taken in index order, those
// that aren't loaded are skipped, and the first failure ends it. The core does the arithmetic and answers
// with a code (assembly/relocate.ts); here a code becomes the kernel's line and a sentence of ours.

import {
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
} from "../../assembly/layout.ts";
import {
  R_MIPS_26,
  R_MIPS_JALR,
  R_MIPS_LO16,
  R_MIPS_NONE,
  R_MIPS_PC16,
  R_MIPS_PC21_S2,
  R_MIPS_PC26_S2,
} from "../../assembly/relocation-types.ts";
import { relocationTable } from "../elf/contents.ts";
import { relocationName } from "../elf/names.ts";
import { SHT_REL, SHT_RELA, STB_WEAK } from "../elf/numbers.ts";
import type { Endian, RelocationTable } from "../elf/object.ts";
import type { Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import { reachOf, regionOf } from "../trampoline/region.ts";
import { symbolName } from "./jumps.ts";
import type { Loading } from "./loading.ts";

/** S from here on is an error number to Linux: (unsigned)-4095. */
const FIRST_ERROR_VALUE = 0xfffff001;

export interface RelocationWork {
  /** Addresses of the loaded sections, by index. */
  readonly addresses: ReadonlyMap<number, number>;
  /** Final symbol values, by index. */
  readonly values: Uint32Array;
  /** Sites that hold their final instruction already, and whose relocation is left out. */
  readonly mended: ReadonlySet<number>;
  /** What to add to the explanation of a jump that overflows: the end of a sentence. */
  farJumpHint(site: number): string;
}

interface Job extends RelocationWork {
  readonly loading: Loading;
  /** Symbols whose relocations Linux leaves out without a word. */
  readonly skipped: ReadonlySet<number>;
}

/** @throws Refusal, as Linux refuses. */
export function relocateModule(loading: Loading, work: RelocationWork): void {
  const { elf } = loading.file;
  const job = { ...work, loading, skipped: skippedSymbols(loading, work.values) };
  for (const section of elf.sections) {
    const target = elf.sections[section.info];
    if (target === undefined || !work.addresses.has(target.index)) continue;
    if (section.type === SHT_RELA) throw relaRefusal(loading, section.name);
    if (section.type === SHT_REL) relocateTable(job, relocationTable(elf, section, target));
  }
}

/** Weak symbols whose value Linux takes for an error number. */
function skippedSymbols(loading: Loading, values: Uint32Array): Set<number> {
  const skipped = new Set<number>();
  for (const [index, value] of values.entries()) {
    if (value < FIRST_ERROR_VALUE) continue;
    if (loading.file.elf.symbols[index]?.binding === STB_WEAK) skipped.add(index);
  }
  return skipped;
}

function relocateTable(job: Job, table: RelocationTable): void {
  const address = job.addresses.get(table.target.index) ?? 0;
  if (table.target.size === 0) {
    refuseOutside(job, table);
    return;
  }
  const { code, entry } = job.loading.host.relocate({
    address,
    size: table.target.size,
    symbols: job.values,
    entries: stage(job, table, address),
  });
  if (code !== RELOC_OK) throw new Failure(job, table, entry).refusal(code);
}

/** An empty section may lie where nothing is mapped, so the core doesn't see it: nothing can be relocated. */
function refuseOutside(job: Job, table: RelocationTable): void {
  for (let entry = 0; entry < table.count; entry++) {
    if (table.type(entry) === R_MIPS_NONE) continue;
    throw new Failure(job, table, entry).refusal(RELOC_OUT_OF_SECTION);
  }
}

/** The entries in the host's byte order, those that have no effect as R_MIPS_NONE of symbol 0. */
function stage(
  { loading, mended, skipped }: Job,
  table: RelocationTable,
  address: number,
): Uint32Array {
  const entries = hostOrder(table.bytes, loading.file.elf.endian);
  if (skipped.size === 0 && mended.size === 0) return entries;
  for (let at = 0; at < entries.length; at += 2) {
    const offset = entries[at] ?? 0;
    const info = entries[at + 1] ?? 0;
    const isMended = (info & 0xff) === R_MIPS_26 && mended.has(address + offset);
    if (isMended || skipped.has(info >>> 8)) entries[at + 1] = 0;
  }
  return entries;
}

/** A copy of words in a file's byte order. */
function hostOrder(bytes: Uint8Array, endian: Endian): Uint32Array {
  const copy = new Uint8Array(bytes);
  if (endian === "big") Buffer.from(copy.buffer).swap32();
  return new Uint32Array(copy.buffer);
}

function relaRefusal(loading: Loading, section: string): Refusal {
  loading.dmesg.push(`module ${loading.file.name}: REL relocation unsupported`);
  return loading.refusal(
    "ENOEXEC",
    `${section} holds relocations with addends (RELA), which a 32-bit MIPS kernel doesn't take; the line says ` +
      "REL by mistake, in Linux too",
  );
}

/** One relocation that failed. */
class Failure {
  readonly #job: Job;
  readonly #loading: Loading;
  readonly #table: RelocationTable;
  readonly #entry: number;

  constructor(job: Job, table: RelocationTable, entry: number) {
    this.#job = job;
    this.#loading = job.loading;
    this.#table = table;
    this.#entry = entry;
  }

  refusal(code: number): Refusal {
    const { name } = this.#loading.file;
    switch (code) {
      case RELOC_OVERFLOW:
        return this.#refuse("ENOEXEC", `module ${name}: relocation overflow`, this.#overflow());
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
          `${this.#where} lies outside the section's ${this.#table.target.size} bytes`,
        );
      case RELOC_NO_SYMBOL:
        return this.#damaged(
          `${this.#where} names symbol ${this.#table.symbol(this.#entry)}, which isn't there`,
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

  get #value(): number {
    return this.#job.values[this.#table.symbol(this.#entry)] ?? 0;
  }

  get #address(): number {
    const section = this.#job.addresses.get(this.#table.target.index) ?? 0;
    return (section + this.#table.offset(this.#entry)) >>> 0;
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
    const built =
      this.#type === R_MIPS_JALR
        ? "the object is position-independent code; build it with -fno-pic -mno-abicalls"
        : "build it as the kernel's own makefiles do (-fno-pic -mno-abicalls -G 0)";
    return `${this.#where} is ${relocationName(this.#type)}, which the kernel doesn't know; ${built}`;
  }
}

/** The types as the kernel's line names them: by the width of the field, without the _S2. */
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
