// The sections that a module must have: .gnu.linkonce.this_module, which holds struct module, a symbol table, and at most
// one .modinfo. Kernels before 6.4 take the first of each; later ones count them and refuse the module unless it has
// one. The size of struct module is compared later, when the kernel is known (checks/checks.ts).

import { SHF_ALLOC, SHT_NOBITS, SHT_NULL, SHT_SYMTAB } from "../../elf/numbers.ts";
import type { ElfObject, Section } from "../../elf/object.ts";
import { Refusal } from "../../errors.ts";
import type { Rules } from "../../kernel/rules/table.ts";
import { THIS_MODULE } from "../layout/sections.ts";

export interface Requirement {
  readonly elf: ElfObject;
  readonly rules: Rules;
  /** The name in .modinfo. */
  readonly name: string | undefined;
  /** A plain object, without struct module, is taken too. */
  readonly object: boolean;
  /** The kernel's lines so far. */
  readonly dmesg: readonly string[];
}

const NO_NAME = "(missing .modinfo section or name field)";

/** @throws Refusal (ENOEXEC) in the words of the kernel. */
export function requireSections(requirement: Requirement): void {
  requireOneModinfo(requirement);
  // The order of these two shows only in a file that lacks both.
  if (requirement.rules.V12 === "exactly") requireThisModule(requirement);
  requireSymbols(requirement);
  if (requirement.rules.V12 !== "exactly") requireThisModule(requirement);
}

function requireOneModinfo(requirement: Requirement): void {
  const count = named(requirement, ".modinfo").length;
  if (requirement.rules.V16 === "first" || count < 2) return;
  throw refusal(
    requirement,
    "Only one .modinfo section must exist.",
    `the file has ${count} sections .modinfo`,
  );
}

function requireSymbols(requirement: Requirement): void {
  const { elf, rules, name = NO_NAME } = requirement;
  const count = elf.sections.filter(({ type }) => type === SHT_SYMTAB).length;
  if (count === 1 || (count > 1 && rules.V12 === "first")) return;
  throw refusal(
    requirement,
    `${name}: module has no symbols (stripped?)`,
    count === 0
      ? "the file has no symbol table; strip a module with --strip-debug at most"
      : `the file has ${count} symbol tables, and this kernel takes one`,
  );
}

const MISSING =
  "there is no .gnu.linkonce.this_module section, which modpost adds when a .ko is linked; " +
  "--object takes a plain .o as it is";

function requireThisModule(requirement: Requirement): void {
  const { elf, rules, object, name = NO_NAME } = requirement;
  if (object && !elf.sections.some((one) => one.name === THIS_MODULE)) return;
  const modules = named(requirement, THIS_MODULE);
  if (rules.V12 === "first") {
    if (modules.some(({ flags }) => (flags & SHF_ALLOC) !== 0)) return;
    throw refusal(requirement, `${name}: No module found in object`, MISSING);
  }
  const [module] = modules;
  if (module === undefined || modules.length > 1) {
    const how = rules.V12 === "only" ? "Only" : "Exactly";
    const why = modules.length > 1 ? `the file has ${modules.length} of them` : MISSING;
    throw refusal(
      requirement,
      `module ${name}: ${how} one ${THIS_MODULE} section must exist.`,
      why,
    );
  }
  if (module.type === SHT_NOBITS) {
    const line = `module ${name}: ${THIS_MODULE} section must have a size set`;
    throw refusal(requirement, line, "the file has no bytes of it");
  }
  if ((module.flags & SHF_ALLOC) === 0) {
    const line = `module ${name}: ${THIS_MODULE} must occupy memory during process execution`;
    throw refusal(requirement, line, "its flags lack SHF_ALLOC");
  }
}

/** The sections of a name that the kernel counts: 6.4 to 6.12 pass over those that have no bytes. */
function named({ elf, rules }: Requirement, name: string): Section[] {
  const skips = rules.V12 === "only";
  return elf.sections.filter(
    (one) => one.name === name && !(skips && (one.type === SHT_NULL || one.type === SHT_NOBITS)),
  );
}

function refusal({ dmesg }: Requirement, line: string, explanation: string): Refusal {
  return new Refusal({ errno: "ENOEXEC", dmesg: [...dmesg, line], explanation });
}
