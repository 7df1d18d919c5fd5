// Writes small kernel modules for tests: an ELF object with struct module, modinfo and the parts that a test adds.
// The default module loads on Debian's kernel and has nothing unusual; a test adds the one thing that matters.

import { R_MIPS_32 } from "../../assembly/shared/relocation-types.ts";
import { SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_UNDEF, STT_FUNC } from "../../src/elf/numbers.ts";
import { type ElfSpec, type SectionSpec, type SymbolSpec, writeElf } from "./elf-writer.ts";

export const CODE = SHF_ALLOC | SHF_EXECINSTR;
export const DATA = SHF_ALLOC | SHF_WRITE;
export const READ_ONLY = SHF_ALLOC;

export const VERMAGIC = "6.1.0-50-4kc-malta SMP mod_unload modversions MIPS32_R2 32BIT ";
const THIS_MODULE_SIZE = 0x240;
const INIT_AT = 0xc8;
const EXIT_AT = 0x210;

export interface ModuleSpec extends ElfSpec {
  readonly name?: string;
  /** Replaces the default modinfo. */
  readonly modinfo?: readonly string[];
  /** Symbol → checksum, default: no __versions. */
  readonly versions?: Readonly<Record<string, number>>;
  /** Give struct module these functions; init_module and cleanup_module must be among the symbols. */
  readonly functions?: readonly ("init_module" | "cleanup_module")[];
  readonly exports?: readonly ExportSpec[];
  /** Leave .gnu.linkonce.this_module out. */
  readonly noThisModule?: boolean;
}

export interface ExportSpec {
  /** A symbol of the module. */
  readonly name: string;
  readonly gpl?: boolean;
  readonly crc?: number;
  readonly namespace?: string;
}

/** modinfo of a module in the kernel's tree. */
export function modinfo(name: string, ...more: readonly string[]): string[] {
  return ["license=GPL", `name=${name}`, `vermagic=${VERMAGIC}`, "intree=Y", "depends=", ...more];
}

/** The module's bytes. */
export function writeModule(spec: ModuleSpec = {}): Uint8Array {
  const name = spec.name ?? "dull";
  return writeElf({
    ...spec,
    sections: [
      ...(spec.sections ?? []),
      {
        name: ".modinfo",
        flags: READ_ONLY,
        alignment: 1,
        bytes: strings(spec.modinfo ?? modinfo(name)),
      },
      ...exportSections(spec),
      ...(spec.versions === undefined ? [] : [versionsSection(spec.versions, spec)]),
      ...(spec.noThisModule === true ? [] : [thisModuleSection(name, spec.functions ?? [])]),
    ],
  });
}

function strings(texts: readonly string[]): Uint8Array {
  return new Uint8Array(Buffer.from(texts.map((text) => `${text}\0`).join(""), "latin1"));
}

function thisModuleSection(
  name: string,
  functions: NonNullable<ModuleSpec["functions"]>,
): SectionSpec {
  const bytes = new Uint8Array(THIS_MODULE_SIZE);
  bytes.set(Buffer.from(name, "latin1"), 12);
  return {
    name: ".gnu.linkonce.this_module",
    flags: DATA,
    alignment: 64,
    bytes,
    relocations: functions.map((symbol) => ({
      offset: symbol === "init_module" ? INIT_AT : EXIT_AT,
      type: R_MIPS_32,
      symbol,
    })),
  };
}

function versionsSection(
  versions: Readonly<Record<string, number>>,
  { endian }: ElfSpec,
): SectionSpec {
  const records = Object.entries(versions).map(([symbol, crc]) => {
    const record = new Uint8Array(64);
    new DataView(record.buffer).setUint32(0, crc, endian !== "big");
    record.set(Buffer.from(symbol, "latin1"), 4);
    return record;
  });
  return { name: "__versions", flags: READ_ONLY, bytes: new Uint8Array(Buffer.concat(records)) };
}

function exportSections({ exports = [] }: ModuleSpec): SectionSpec[] {
  if (exports.length === 0) return [];
  let text = "\0";
  const add = (value: string): number => {
    text += `${value}\0`;
    return text.length - value.length - 1;
  };
  const table = (gpl: boolean): SectionSpec[] => {
    const own = exports.filter((symbol) => (symbol.gpl ?? false) === gpl);
    if (own.length === 0) return [];
    const suffix = gpl ? "_gpl" : "";
    return [
      {
        name: `__ksymtab${suffix}`,
        flags: READ_ONLY,
        words: own.flatMap(({ name, namespace }) => [
          0,
          add(name),
          namespace === undefined ? 0 : add(namespace),
        ]),
        relocations: own.flatMap(({ name }, index) => [
          { offset: 12 * index, type: R_MIPS_32, symbol: name },
          { offset: 12 * index + 4, type: R_MIPS_32, symbol: "__ksymtab_strings" },
          { offset: 12 * index + 8, type: R_MIPS_32, symbol: "__ksymtab_strings" },
        ]),
      },
      ...(own.some(({ crc }) => crc === undefined)
        ? []
        : [
            { name: `__kcrctab${suffix}`, flags: READ_ONLY, words: own.map(({ crc }) => crc ?? 0) },
          ]),
    ];
  };
  const tables = [...table(false), ...table(true)];
  return [
    ...tables,
    {
      name: "__ksymtab_strings",
      flags: READ_ONLY,
      alignment: 1,
      bytes: new Uint8Array(Buffer.from(text, "latin1")),
    },
  ];
}

/** A section of code. */
export function code(
  words: readonly number[],
  relocations: SectionSpec["relocations"] = [],
  name = ".text",
): SectionSpec {
  return { name, flags: CODE, alignment: 4, words, relocations };
}

/** A section of data. */
export function data(
  words: readonly number[],
  relocations: SectionSpec["relocations"] = [],
  name = ".data",
): SectionSpec {
  return { name, flags: DATA, alignment: 4, words, relocations };
}

export function undefinedSymbol(name: string): SymbolSpec {
  return { name, section: SHN_UNDEF };
}

export function functionSymbol(name: string, value = 0, section = ".text", size = 8): SymbolSpec {
  return { name, value, section, size, type: STT_FUNC };
}
