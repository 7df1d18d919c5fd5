// The contents of a module's file as one plain value, which `farjal info` prints as text or as JSON. Nothing is
// resolved or laid out; every field is known without a kernel.

import type { Endian } from "../../bytes/endian.ts";
import { relocationTables } from "../../elf/contents.ts";
import {
  abiName,
  isaName,
  relocationName,
  sectionFlagLetters,
  sectionTypeName,
} from "../../elf/names.ts";
import { SHN_UNDEF, STB_WEAK } from "../../elf/numbers.ts";
import type { Section } from "../../elf/object.ts";
import { layOut } from "../layout/layout.ts";
import type { Parameter } from "../parameters/parameters.ts";
import type { CallSitePlace } from "./call-sites.ts";
import type { ModuleFile } from "./file.ts";
import type { Signature } from "./signature.ts";

export interface ModuleInfo {
  readonly name: string;
  readonly class: 32 | 64;
  readonly endian: Endian;
  /** `o32`, and `mips32r2`. */
  readonly abi: string;
  readonly isa: string;
  /** Extensions of the instruction set that the file says its code uses, which farjal doesn't run: `DSP`, … */
  readonly extensions: readonly string[];
  readonly sections: readonly SectionInfo[];
  /** Symbols defined in the file, not counting those without a name and those of sections. */
  readonly symbols: number;
  readonly imports: readonly ImportInfo[];
  readonly exports: readonly ExportInfo[];
  /** All calls of _mcount, recorded or not. */
  readonly callSites: number;
  /** What shows the calls that ftrace can switch: a plain object without __mcount_loc has its relocations alone. */
  readonly callSiteSource: "__mcount_loc" | "relocations";
  /** Calls that __mcount_loc lists. */
  readonly recordedCallSites: number;
  /** Calls that it doesn't list; a module's always call. */
  readonly unrecordedCallSites: readonly PlaceInfo[];
  /** Calls of _mcount by jal, which can't reach the kernel from module memory. */
  readonly shortCallSites: number;
  /** Type → entries, in the whole file, as readelf -r lists them. */
  readonly relocations: Readonly<Record<string, number>>;
  /** Type → entries that loading applies: those of sections that take memory. */
  readonly appliedRelocations: Readonly<Record<string, number>>;
  readonly vermagic: string | null;
  /** Key → values. */
  readonly modinfo: Readonly<Record<string, readonly string[]>>;
  readonly parameters: readonly Parameter[];
  readonly signature: Signature | null;
  /** Further remarks for the user. */
  readonly notes: readonly string[];
}

export interface SectionInfo {
  readonly name: string;
  readonly type: string;
  /** The flags in readelf's letters. */
  readonly flags: string;
  readonly size: number;
  readonly alignment: number;
}

export interface ImportInfo {
  readonly name: string;
  readonly weak: boolean;
  /** The checksum of the build; null without modversions. */
  readonly crc: number | null;
}

export interface ExportInfo {
  readonly name: string;
  readonly gpl: boolean;
  readonly crc: number | null;
  readonly namespace: string | null;
}

export interface PlaceInfo {
  readonly section: string;
  readonly offset: number;
}

/**
 * Describes a module's file.
 * @throws Refusal when its sections can't be laid out.
 */
export function describeModule(file: ModuleFile): ModuleInfo {
  const { elf, callSites } = file;
  const hasTable = callSites.source === "__mcount_loc";
  const loaded = layOut(file).sections;
  return {
    name: file.name,
    class: elf.class,
    endian: elf.endian,
    abi: abiName(elf),
    isa: isaName(elf.flags),
    extensions: file.extensions,
    sections: elf.sections.slice(1).map(({ name, type, flags, size, alignment }) => ({
      name,
      type: sectionTypeName(type),
      flags: sectionFlagLetters(flags),
      size,
      alignment,
    })),
    symbols: elf.symbols.filter(({ name, section }) => name !== "" && section !== SHN_UNDEF).length,
    imports: importsOf(file),
    exports: file.exports.map(({ name, gpl, crc, namespace }) => ({ name, gpl, crc, namespace })),
    callSites: callSites.recorded.length + callSites.unrecorded.length,
    callSiteSource: callSites.source,
    recordedCallSites: hasTable ? callSites.recorded.length : 0,
    unrecordedCallSites: (hasTable ? callSites.unrecorded : callSites.recorded).map(placeInfo),
    shortCallSites: callSites.shortCalls,
    relocations: countRelocations(file, () => true),
    appliedRelocations: countRelocations(file, ({ index }) => loaded.has(index)),
    vermagic: file.modinfo.get("vermagic") ?? null,
    modinfo: file.modinfo.toRecord(),
    parameters: file.parameters,
    signature: file.signature,
    notes: elf.notes,
  };
}

function importsOf({ elf, versions, extendedVersions }: ModuleFile): ImportInfo[] {
  return elf.symbols
    .filter(({ name, section }) => name !== "" && section === SHN_UNDEF)
    .map(({ name, binding }) => ({
      name,
      weak: binding === STB_WEAK,
      crc: (extendedVersions ?? versions)?.get(name) ?? null,
    }));
}

function placeInfo({ section, offset }: CallSitePlace): PlaceInfo {
  return { section: section.name, offset };
}

/** @param counts selects relocation tables by the section that they change. */
function countRelocations(
  { elf }: ModuleFile,
  counts: (target: Section) => boolean,
): Record<string, number> {
  const byType = new Map<number, number>();
  for (const table of relocationTables(elf)) {
    if (!counts(table.target)) continue;
    for (let index = 0; index < table.count; index++) {
      const type = table.type(index);
      byType.set(type, (byType.get(type) ?? 0) + 1);
    }
  }
  const sorted = [...byType].sort(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([type, count]) => [relocationName(type), count]));
}
