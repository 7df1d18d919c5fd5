// The rules of loading that a module meets: those whose values can make a difference for this module. Rules about
// damaged files and missing sections are not among them, since each refusal is a reason of its own, and neither is
// what only the module's init function shows. A pure function of the module and the kernel's exports.

import type { KernelProfile } from "../kernel/rules/profile.ts";
import { isOfTracing, RULE_IDS, RULES, type RuleId } from "../kernel/rules/table.ts";
import { isProprietary } from "../module/checks/license.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { EXTENDED_CRCS } from "../module/layout/sections.ts";
import { isForModules } from "../module/symbols/imports.ts";
import { importsOf } from "./import-reasons.ts";
import type { RuleDifference } from "./reason.ts";
import type { Target } from "./target.ts";

type Touches = (file: ModuleFile, target: Target) => boolean;

const always: Touches = () => true;
const hasTaint: Touches = (file) => {
  const { modinfo } = file;
  const marked = ["staging", "test", "livepatch"].some((key) => modinfo.get(key) !== undefined);
  return marked || modinfo.get("intree") === undefined || isProprietary(file);
};
const anyImport =
  (holds: (name: string, file: ModuleFile, target: Target) => boolean): Touches =>
  (file, target) =>
    [...importsOf(file).keys()].some((name) => holds(name, file, target));

/** A rule that isn't here is met by no module that loads. */
const TOUCHES: Partial<Readonly<Record<RuleId, Touches>>> = {
  L1: always,
  L2: always,
  V20: anyImport((name, { versions }) => versions !== null && !versions.has(name)),
  V21: hasTaint,
  V22: isProprietary,
  V30: ({ sections }) => sections.find(EXTENDED_CRCS) !== undefined,
  V31: (file, target) =>
    file.modinfo.all("import_ns").some(isForModules) ||
    anyImport((name) => isForModules(target.findExport(name, file.name)?.namespace ?? ""))(
      file,
      target,
    ),
  V32: anyImport((name, file, target) => {
    return target.findExport(name, file.name)?.owner?.proprietary === true;
  }),
  F15: ({ modinfo }) => modinfo.get("test") !== undefined,
  S1: ({ signature }) => signature?.supported !== true,
  O1: ({ elf }) => elf.class === 32,
  O2: ({ modinfo }, { vermagic }) => vermagic !== null && modinfo.get("vermagic") !== vermagic,
  O3: ({ elf }) => elf.class === 32,
};

/** The rules of loading that differ between two kernels, and that a module meets in the first one. */
export function touchedRules(
  file: ModuleFile,
  target: Target,
  kernel: KernelProfile,
  against: KernelProfile,
): RuleDifference[] {
  return ruleDifferences(kernel, against).filter(({ rule }) => TOUCHES[rule]?.(file, target));
}

/** The rules of loading that differ; those of tracing decide nothing about a module. */
export function ruleDifferences(kernel: KernelProfile, against: KernelProfile): RuleDifference[] {
  const differs = (id: RuleId): boolean => kernel.rules[id] !== against.rules[id];
  return RULE_IDS.filter((id) => differs(id) && !isOfTracing(id)).map((id) => ({
    rule: id,
    what: RULES[id].what,
    kernel: kernel.rules[id],
    against: against.rules[id],
  }));
}
