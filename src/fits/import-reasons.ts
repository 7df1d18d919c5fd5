// Judges a module's symbols: each import with every check that the kernel makes of it (the first failure doesn't hide
// the others), the checksum of struct module itself, and exports that something else exports already.

import { SHN_UNDEF, STB_WEAK } from "../elf/numbers.ts";
import { hex } from "../hex.ts";
import { checkModuleLayout } from "../module/checks/checks.ts";
import { licenseOf } from "../module/checks/license.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { findDuplicate } from "../module/symbols/duplicates.ts";
import { checkVersion, Imports } from "../module/symbols/imports.ts";
import { printUnknownSymbol } from "../module/symbols/symbols.ts";
import { type ImportOrigin, makeReason, REBUILD, type Reason } from "./reason.ts";
import { attempt, type Findings, failureOf, type Subject } from "./subject.ts";
import type { TargetExport } from "./target.ts";

const MODULE_LAYOUT = "module_layout";

export interface ImportFindings extends Findings {
  readonly imports: readonly ImportOrigin[];
}

/** Every import, once, in the symbol table's order. */
export function judgeImports(subject: Subject): ImportFindings {
  const { file, target } = subject;
  const loading = attempt(subject);
  const resolution = new Imports(loading);
  const imports: ImportOrigin[] = [];
  const reasons: Reason[] = [];
  const weak: string[] = [];
  /** Adds a reason with the lines that were printed since the last one. */
  const add = (reason: Omit<Reason, "dmesg" | "text">, errno: "ENOENT" | "EINVAL"): void => {
    printUnknownSymbol(loading, reason.symbol ?? "", errno);
    reasons.push(makeReason({ ...reason, dmesg: loading.dmesg.splice(0) }));
  };
  for (const [name, isWeak] of importsOf(file)) {
    const found = target.findExport(name, file.name);
    const owner = found?.owner?.name ?? "kernel";
    imports.push({ symbol: name, from: found === undefined ? null : owner });
    if (found === undefined) {
      if (isWeak) weak.push(name);
      else
        add({ kind: "missing-symbol", symbol: name, ...target.whyMissing(name, file) }, "ENOENT");
      continue;
    }
    if (file.object) continue;
    const symbol = { ...found, address: 0 };
    if (resolution.hides(symbol)) add(gplOnly(file, name), "ENOENT");
    else if (!resolution.mayUseOwner(symbol)) add(proprietaryOwner(name, owner), "ENOENT");
    if (!checkVersion(loading, symbol)) add(checksum(file, found, owner), "EINVAL");
    if (!resolution.importsNamespace(symbol)) add(namespace(found), "EINVAL");
    // A line of a check that the module passed, such as a taint, belongs to no reason.
    loading.dmesg.length = 0;
  }
  return { imports, reasons, notes: weakNotes(weak) };
}

/** check_modstruct_version(): the checksum of struct module, which each module with checksums has first. */
export function judgeLayout(subject: Subject): Findings {
  const { file, target } = subject;
  const layout = target.findExport(MODULE_LAYOUT, file.name);
  if (file.object || layout === undefined) return { reasons: [], notes: [] };
  const found = failureOf(subject, checkModuleLayout);
  if (found !== null) {
    const { explanation } = checksum(file, layout, "kernel");
    const more = `${explanation}; struct module, or what it is made of, is another in this kernel`;
    return {
      reasons: [
        makeReason({
          kind: "checksum",
          symbol: MODULE_LAYOUT,
          dmesg: found.dmesg,
          explanation: more,
          remedy: REBUILD,
        }),
      ],
      notes: [],
    };
  }
  if (layout.crc === null || file.versions !== null) return { reasons: [], notes: [] };
  return {
    reasons: [],
    notes: [
      "the module has no checksums and the kernel has (CONFIG_MODVERSIONS): it is loaded only with " +
        "CONFIG_MODULE_FORCE_LOAD=y, which taints the kernel",
    ],
  };
}

/** verify_exported_symbols(), for every export. A module that exports the same may not be loaded: that is a note. */
export function judgeExports(subject: Subject): Findings {
  const { file, target } = subject;
  const loading = attempt(subject);
  const reasons: Reason[] = [];
  const rivals = new Set<string>();
  for (const { name } of target.kernel.exportsKnown ? file.exports : []) {
    const other = findDuplicate(loading, name);
    const dmesg = loading.dmesg.splice(0);
    if (other?.owner != null) rivals.add(other.owner.name);
    if (other === undefined || other.owner !== null) continue;
    const explanation = `the kernel exports ${name} itself`;
    const remedy = `don't load ${moduleName(file.name)}: what it exports is built into this kernel`;
    reasons.push(makeReason({ kind: "rule", symbol: name, dmesg, explanation, remedy }));
  }
  const notes = [...rivals].map((rival) => `${rival} exports the same: Linux loads one of the two`);
  return { reasons, notes };
}

/** The imports: name → whether it is weak. */
export function importsOf({ elf }: ModuleFile): Map<string, boolean> {
  const imports = new Map<string, boolean>();
  for (const { name, section, binding } of elf.symbols) {
    if (name === "" || section !== SHN_UNDEF) continue;
    imports.set(name, (imports.get(name) ?? true) && binding === STB_WEAK);
  }
  return imports;
}

/** A reason before the kernel's text is added. */
type Cause = Omit<Reason, "dmesg" | "text">;

function gplOnly(file: ModuleFile, name: string): Cause {
  return {
    kind: "gpl-only",
    symbol: name,
    explanation:
      `${name} is exported with EXPORT_SYMBOL_GPL, and the module's license '${licenseOf(file)}' isn't compatible ` +
      "with the GPL",
    remedy:
      'use other functions, or, if the module is under the GPL, say so: MODULE_LICENSE("GPL")',
  };
}

function proprietaryOwner(name: string, owner: string): Cause {
  return {
    kind: "gpl-only",
    symbol: name,
    explanation: `${name} is exported by ${owner}, which isn't under the GPL, and the module uses GPL-only symbols`,
    remedy: `don't use GPL-only symbols and those of ${owner} in one module`,
  };
}

function checksum({ versions }: ModuleFile, { name, crc }: TargetExport, owner: string): Cause {
  const own = versions?.get(name);
  const kernel = `${owner === "kernel" ? "the kernel" : owner} has ${hex(crc ?? 0)}`;
  return {
    kind: "checksum",
    symbol: name,
    explanation:
      own === undefined
        ? `the module has no checksum of ${name}, and ${kernel}`
        : `the module was built with ${hex(own)} for ${name}, and ${kernel}: its type, or a type that it uses, is another`,
    remedy: REBUILD,
  };
}

function namespace({ name, namespace }: TargetExport): Cause {
  return {
    kind: "namespace",
    symbol: name,
    explanation: `${name} is in the namespace ${namespace}`,
    remedy: `add MODULE_IMPORT_NS(${namespace}) to the module's source and build it again`,
  };
}

function weakNotes(weak: readonly string[]): string[] {
  if (weak.length === 0) return [];
  return [`nothing exports the weak ${weak.join(", ")}: Linux makes their addresses 0`];
}
