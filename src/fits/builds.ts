// Compares two builds of a module: what each imports, exports and offers, and what of that keeps the new one from being
// loaded where the old one is: a kernel or a module that fits the old build may not fit the new one. A pure function of
// the two files; no kernel is needed.

import { host } from "#host";
import { hexDigits } from "../bytes/text.ts";
import { contents } from "../elf/contents.ts";
import type { ElfObject, Section } from "../elf/object.ts";
import { hex } from "../hex.ts";
import { comparesRelease, isSameMagic } from "../module/checks/checks.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import type { StructModule } from "../module/file/this-module.ts";
import { layOut } from "../module/layout/layout.ts";
import { importsOf } from "./import-reasons.ts";
import { makeReason, type Reason, type ReasonKind } from "./reason.ts";
import { magicDifference } from "./vermagic.ts";

/** What only the old build has, what only the new one has, and what both have otherwise. */
export interface Changes {
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly {
    readonly name: string;
    readonly old: string;
    readonly new: string;
  }[];
}

export interface Builds {
  /** Whether the new build can be loaded wherever the old one can, as far as the files show. */
  readonly fits: boolean;
  readonly reasons: readonly Reason[];
  /** How many differences there are. */
  readonly differences: number;
  /** The checksums of imports count as changes, null where a build has none. */
  readonly imports: Changes;
  readonly exports: Changes;
  readonly parameters: Changes;
  readonly aliases: Changes;
  /** Keys of modinfo, without those that the other lists have. */
  readonly modinfo: Changes;
  /** Sections by their sizes in bytes and digests of their contents. */
  readonly sections: Changes;
  /** Call sites that ftrace can switch, the others, and those that are short jumps. */
  readonly sites: Changes;
  /** Bytes of the file and of each block in memory, and the layout of struct module. */
  readonly sizes: Changes;
}

/** Keys of modinfo that the lists of parameters and aliases have. */
const LISTED: ReadonlySet<string> = new Set(["alias", "parm", "parmtype"]);
const NONE = "none";
const REPLACE = "build the new module with the old one's kernel, configuration and Module.symvers";

/** @throws Refusal when a file can't be laid out. */
export function compareBuilds(old: ModuleFile, next: ModuleFile): Builds {
  const lists = {
    imports: changes(old, next, importTexts),
    exports: changes(old, next, exportTexts),
    parameters: changes(old, next, ({ parameters }) =>
      parameters.map(({ name, type, permissions }) => [
        name,
        `${type ?? "unknown type"}, mode ${permissions.toString(8)}`,
      ]),
    ),
    aliases: changes(old, next, ({ modinfo }) => modinfo.all("alias").map((one) => [one, ""])),
    modinfo: changes(old, next, modinfoTexts),
    sections: changes(old, next, ({ elf }) =>
      elf.sections.slice(1).map((section) => [section.name, sectionText(elf, section)]),
    ),
    sites: changes(old, next, ({ callSites }) => [
      ["recorded", String(callSites.recorded.length)],
      ["unrecorded", String(callSites.unrecorded.length)],
      ["short", String(callSites.shortCalls)],
    ]),
    sizes: changes(old, next, sizeTexts),
  };
  const reasons = [
    ...buildReasons(old, next),
    ...symbolReasons(lists.imports, lists.exports, next),
  ];
  const count = ({ removed, added, changed }: Changes): number =>
    removed.length + added.length + changed.length;
  return {
    fits: reasons.length === 0,
    reasons,
    differences: Object.values(lists).reduce((sum, list) => sum + count(list), 0),
    ...lists,
  };
}

type Texts = readonly (readonly [name: string, text: string])[];

function changes(old: ModuleFile, next: ModuleFile, texts: (file: ModuleFile) => Texts): Changes {
  const [one, other] = [grouped(texts(old)), grouped(texts(next))];
  return {
    removed: [...one.keys()].filter((name) => !other.has(name)),
    added: [...other.keys()].filter((name) => !one.has(name)),
    changed: [...one].flatMap(([name, text]) => {
      const now = other.get(name);
      return now === undefined || now === text ? [] : [{ name, old: text, new: now }];
    }),
  };
}

/** Texts of one name are joined: a file may have two sections of a name. */
function grouped(texts: Texts): Map<string, string> {
  const groups = new Map<string, string>();
  for (const [name, text] of texts) {
    const before = groups.get(name);
    groups.set(name, before === undefined ? text : `${before}, ${text}`);
  }
  return groups;
}

function importTexts(file: ModuleFile): Texts {
  const texts = [...importsOf(file)].map(([name, isWeak]): [string, string] => {
    const crc = file.versions?.get(name);
    return [name, `${crc === undefined ? NONE : hex(crc)}${isWeak ? ", weak" : ""}`];
  });
  const layout = file.versions?.get(MODULE_LAYOUT);
  return layout === undefined ? texts : [[MODULE_LAYOUT, hex(layout)], ...texts];
}

const MODULE_LAYOUT = "module_layout";

function exportTexts({ exports }: ModuleFile): Texts {
  return exports.map(({ name, crc, gpl, namespace }) => [
    name,
    [
      crc === null ? NONE : hex(crc),
      ...(gpl ? ["GPL-only"] : []),
      ...(namespace === null ? [] : [`namespace ${namespace}`]),
    ].join(", "),
  ]);
}

function modinfoTexts({ modinfo }: ModuleFile): Texts {
  return modinfo.entries.filter(([key]) => !LISTED.has(key));
}

function sizeTexts(file: ModuleFile): Texts {
  const blocks = Object.entries(layOut(file).blocks).map(([name, { size }]): [string, string] => [
    `memory ${name}`,
    String(size),
  ]);
  return [
    ["file", String(file.elf.bytes.length)],
    ...blocks,
    ["struct module", shapeText(file.thisModule?.shape)],
  ];
}

/** Two builds may differ in contents of one size. */
function sectionText(elf: ElfObject, section: Section): string {
  const digest = hexDigits(host.sha256([contents(elf, section).bytes])).slice(0, 8);
  return `${section.size} bytes, sha256 ${digest}`;
}

function shapeText(shape: StructModule | undefined): string {
  if (shape === undefined) return NONE;
  const at = (offset: number | null): string =>
    offset === null ? NONE : `+0x${offset.toString(16)}`;
  return `${shape.size} bytes, init ${at(shape.init)}, exit ${at(shape.exit)}`;
}

/** Reasons from how the two were built, which each kernel compares. */
function buildReasons(old: ModuleFile, next: ModuleFile): Reason[] {
  const reasons: Reason[] = [];
  if (moduleName(old.name) !== moduleName(next.name)) {
    const text = `the module is called ${old.name} in the old build and ${next.name} in the new one`;
    reasons.push(reason("rule", null, text));
  }
  const [was, is] = [old, next].map(({ modinfo }) => modinfo.get("vermagic") ?? "");
  const hasVersions = next.versions !== null;
  if (was !== undefined && is !== undefined && !isSameMagic(is, was, hasVersions)) {
    const difference = magicDifference(is, was, comparesRelease(was, hasVersions));
    reasons.push(reason("vermagic", null, `for a kernel that takes the old build, ${difference}`));
  }
  const [before, after] = [old, next].map(({ thisModule }) => thisModule?.shape);
  const differs = (["size", "init", "exit"] as const).some((key) => {
    const [one, other] = [before?.[key], after?.[key]];
    return one != null && other != null && one !== other;
  });
  if (differs) {
    const text = `struct module has ${shapeText(before)} in the old build and ${shapeText(after)} in the new one`;
    reasons.push(reason("struct-module", null, text));
  }
  for (const what of ["endian", "class"] as const) {
    const [one, other] = [old.elf[what], next.elf[what]];
    if (one !== other) {
      const noun = what === "endian" ? "byte order" : "class";
      reasons.push(
        reason("rule", null, `the ${noun} is ${one} in the old build and ${other} in the new one`),
      );
    }
  }
  return reasons;
}

/** Reasons from what the kernel and other modules see of it. */
function symbolReasons(imports: Changes, exports: Changes, next: ModuleFile): Reason[] {
  const strong = importsOf(next);
  return [
    ...imports.changed
      .filter(({ old, new: now }) => crcOf(old) !== crcOf(now))
      .map(({ name, old, new: now }) =>
        reason(
          "checksum",
          name,
          `the old build imports ${name} with the checksum ${old}, the new one with ${now}`,
        ),
      ),
    ...imports.added
      .filter((name) => strong.get(name) === false)
      .map((name) =>
        reason(
          "missing-symbol",
          name,
          `only the new build imports ${name}: a kernel that takes the old one may not export it`,
        ),
      ),
    ...exports.removed.map((name) =>
      reason(
        "missing-symbol",
        name,
        `the new build doesn't export ${name}, which other modules may import`,
      ),
    ),
    ...exports.changed.map(({ name, old, new: now }) =>
      reason(
        kindOfExport(old, now),
        name,
        `${name} is exported with ${old} by the old build and with ${now} by the new one`,
      ),
    ),
  ];
}

function crcOf(text: string): string | undefined {
  return text.split(", ")[0];
}

function kindOfExport(old: string, now: string): ReasonKind {
  if (crcOf(old) !== crcOf(now)) return "checksum";
  return old.includes("GPL-only") === now.includes("GPL-only") ? "namespace" : "gpl-only";
}

function reason(kind: ReasonKind, symbol: string | null, explanation: string): Reason {
  return makeReason({ kind, symbol, dmesg: [], explanation, remedy: REPLACE });
}
