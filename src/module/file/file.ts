// A module's file after reading: the ELF image without its signature, and the tables that Linux and farjal read from
// it. The module has no address yet; load.ts gives it one. The checks are those of module_sig_check(),
// elf_validity_check() and setup_load_info() of Linux, in that order and by the rules of the module's kernel.

import { indexOfBytes, latin1, latin1Bytes } from "../../bytes/text.ts";
import type { Words } from "../../bytes/words.ts";
import { extensionsOf } from "../../elf/abi-flags.ts";
import { contents } from "../../elf/contents.ts";
import type { ElfObject } from "../../elf/object.ts";
import { readElf } from "../../elf/reader.ts";
import { Refusal } from "../../errors.ts";
import { type KernelProfile, profileFor } from "../../kernel/rules/profile.ts";
import type { Rules } from "../../kernel/rules/table.ts";
import { KERNEL_VERMAGIC } from "../../limits.ts";
import { checkOptions, type OptionKeys } from "../../options.ts";
import { EXTENDED_CRCS, EXTENDED_NAMES, ModuleSections } from "../layout/sections.ts";
import { type Parameter, readParameters } from "../parameters/parameters.ts";
import { type ExportedSymbol, readExports } from "../symbols/exports.ts";
import { readExtendedVersions, readVersions } from "../symbols/versions.ts";
import { type CallSites, readCallSites } from "./call-sites.ts";
import { Modinfo } from "./modinfo.ts";
import { requireSections } from "./required-sections.ts";
import { type Signature, splitSignature } from "./signature.ts";
import { readThisModule, type ThisModule } from "./this-module.ts";

export interface ModuleFile {
  /** The name in struct module, which Linux uses from layout on; without one that in .modinfo, or the file's name. */
  readonly name: string;
  /** A plain object, without struct module: Linux would refuse it, so its checks of a module don't apply. */
  readonly object: boolean;
  readonly elf: ElfObject;
  /** Extensions of the instruction set that the file says its code uses, which farjal doesn't run: `DSP`, … */
  readonly extensions: readonly string[];
  readonly sections: ModuleSections;
  readonly signature: Signature | null;
  readonly modinfo: Modinfo;
  /** Symbol → checksum; null if the file has no __versions. */
  readonly versions: ReadonlyMap<string, number> | null;
  /** The same of __version_ext_crcs and __version_ext_names; null also for a kernel that doesn't look at them. */
  readonly extendedVersions: ReadonlyMap<string, number> | null;
  readonly exports: readonly ExportedSymbol[];
  readonly parameters: readonly Parameter[];
  readonly callSites: CallSites;
  /** null for a plain object. */
  readonly thisModule: ThisModule | null;
  /** The rules of the kernel that the module is for. */
  readonly profile: KernelProfile;
  /** The kernel's lines so far. */
  readonly dmesg: readonly string[];
}

export interface ReadModuleOptions {
  /** Take a plain .o, which Linux would refuse as a module. */
  readonly object?: boolean;
  /** The name for a file that contains none; default: "module". */
  readonly name?: string;
  /** Chooses the kernel's rules, given the module's version magic; default: its release's rules. */
  readonly profileOf?: (vermagic: string | null) => KernelProfile;
}

const READ_OPTIONS: OptionKeys<ReadModuleOptions> = {
  object: true,
  name: true,
  profileOf: true,
};

const profileOfRelease = (vermagic: string | null): KernelProfile => profileFor({}, null, vermagic);

const VERMAGIC = latin1Bytes("vermagic=");

/** The version magic in a file whose sections aren't known yet: it chooses the rules that they are checked by. */
function vermagicIn(image: Uint8Array): string | null {
  const at = indexOfBytes(image, VERMAGIC);
  if (at < 0) return null;
  const from = at + VERMAGIC.length;
  const [text = ""] = latin1(image.subarray(from, from + KERNEL_VERMAGIC)).split("\0");
  return text;
}

/** The lines about sections that 5.10 prints before the one about invalid ELF structures. */
const ABOUT_SECTION = /^Invalid ELF section (name )?in module /;

/** Reads part of a file; a refusal has the lines of the kernel whose rules apply. */
export function inWordsOf<T>({ V10 }: Rules, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal) || V10 === "each" || !/ELF/.test(error.dmesg.join()))
      throw error;
    const { errno, explanation } = error;
    const kept = error.dmesg.filter((line) => ABOUT_SECTION.test(line));
    throw new Refusal({
      errno,
      dmesg: [...kept, "Module has invalid ELF structures"],
      explanation,
    });
  }
}

/**
 * Reads a kernel module.
 * @param bytes the whole .ko (or .o) file.
 * @throws Refusal as Linux refuses it (ENOEXEC, EBADMSG), or ENOEXEC without a kernel's line if the file is damaged in
 *   a way that Linux does not check.
 */
export function readModule(bytes: Uint8Array, options: ReadModuleOptions = {}): ModuleFile {
  checkOptions("readModule()", options, READ_OPTIONS);
  const { image, signature, dmesg } = splitSignature(bytes);
  const profileOf = options.profileOf ?? profileOfRelease;
  const early = profileOf(vermagicIn(image)).rules;
  const elf = inWordsOf(early, () =>
    readElf(image, {
      relocatable: true,
      allNames: early.V18 === "all",
      symbolNames: early.V19 === "checked",
    }),
  );
  const sections = new ModuleSections(elf);
  const section = (name: string) => {
    const found = sections.find(name);
    return found && contents(elf, found);
  };
  const modinfo = new Modinfo(section(".modinfo")?.bytes ?? new Uint8Array(0));
  const versions = section("__versions");
  const profile = profileOf(modinfo.get("vermagic") ?? null);
  const { rules } = profile;
  const object = options.object === true;
  inWordsOf(rules, () => requireSections({ elf, rules, name: modinfo.get("name"), object, dmesg }));
  const extendedVersions =
    rules.V30 === "count"
      ? extendedVersionsOf(section(EXTENDED_CRCS), section(EXTENDED_NAMES), dmesg)
      : null;
  const thisModule = readThisModule(sections);
  return {
    name: thisModule?.name || (modinfo.get("name") ?? options.name ?? "module"),
    object: thisModule === undefined,
    elf,
    extensions: extensionsOf(elf),
    sections,
    signature,
    modinfo,
    versions: versions === undefined ? null : readVersions(versions, elf.class === 64 ? 8 : 4),
    extendedVersions,
    exports: readExports(sections),
    parameters: readParameters(sections, modinfo),
    callSites: readCallSites(sections, thisModule === undefined),
    thisModule: thisModule ?? null,
    profile,
    dmesg,
  };
}

/** elf_validity_cache_index_versions(). */
function extendedVersionsOf(
  crcs: Words | undefined,
  names: Words | undefined,
  dmesg: readonly string[],
): ReadonlyMap<string, number> | null {
  if (crcs === undefined && names === undefined) return null;
  const refusal = (line: string, explanation: string): Refusal =>
    new Refusal({ errno: "ENOEXEC", dmesg: [...dmesg, line], explanation });
  if (crcs === undefined || names === undefined) {
    throw refusal(
      "extended version crc+name presence does not match",
      `the file has ${crcs === undefined ? EXTENDED_NAMES : EXTENDED_CRCS} alone`,
    );
  }
  const versions = readExtendedVersions(crcs, names);
  if (versions !== null) return versions;
  throw refusal(
    "more extended version crcs than names",
    `${EXTENDED_CRCS} has ${Math.floor(crcs.size / 4)} checksums, and ${EXTENDED_NAMES} ends before`,
  );
}
