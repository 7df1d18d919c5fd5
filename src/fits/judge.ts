// Judges a module against a kernel: all reasons why Linux would refuse it there, not the first one. Each of the loader's
// checks (module/checks, module/symbols) runs alone, and the lines that it prints are the reason's; the files beside this
// one add what differs and what to do. A pure function: it reads no file and loads nothing.

import type { Address } from "../address.ts";
import type { RefusalDetails } from "../errors.ts";
import { type KernelProfile, profileFor } from "../kernel/rules/profile.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { judgeFile, judgeMagic, judgeStructModule } from "./build-reasons.ts";
import { judgeExports, judgeImports, judgeLayout } from "./import-reasons.ts";
import { judgeJumps } from "./jump-reasons.ts";
import { makeReason, REASON_KINDS, type Reason, type Verdict } from "./reason.ts";
import type { Target } from "./target.ts";
import { touchedRules } from "./touched-rules.ts";

export interface JudgeOptions {
  /** Where modules are loaded; for a 64-bit module, an address of up to eight digits is sign-extended. */
  readonly base: Address;
  /** The module's file in the verdict. */
  readonly path: string;
}

/** Judges a module that could be read. */
export function judge(file: ModuleFile, target: Target, { base, path }: JudgeOptions): Verdict {
  const subject = { file, target };
  const symbols = judgeImports(subject);
  const findings = [
    judgeFile(subject),
    judgeMagic(subject),
    judgeStructModule(subject),
    judgeLayout(subject),
    symbols,
    judgeExports(subject),
    judgeJumps(subject, base),
  ];
  const order = (reason: Reason): number => REASON_KINDS.indexOf(reason.kind);
  const reasons = distinct(findings.flatMap((one) => one.reasons)).sort(
    (one, other) => order(one) - order(other),
  );
  const owners = symbols.imports.map(({ from }) => from).filter((from) => from !== null);
  return {
    file: path,
    name: file.name,
    fits: reasons.length === 0,
    reasons,
    needs: [...new Set(owners)].filter((from) => from !== "kernel").sort(),
    imports: symbols.imports,
    rules: touchedRules(file, target, file.profile, builtFor(file)),
    notes: findings.flatMap(({ notes }) => notes),
  };
}

/** The rules of the release that a module is built for. */
function builtFor({ modinfo }: ModuleFile): KernelProfile {
  return profileFor({}, null, modinfo.get("vermagic") ?? null);
}

/** Without repetitions: planning a module makes some checks of the file again. */
function distinct(reasons: readonly Reason[]): Reason[] {
  const seen = new Set<string>();
  return reasons.filter(({ kind, symbol, explanation }) => {
    const key = `${kind} ${symbol} ${explanation}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** The verdict on a file that can't be read as a module, which no kernel takes. */
export function refusedFile(path: string, { dmesg, explanation }: RefusalDetails): Verdict {
  const remedy = "give the .ko as the kernel's build made it";
  return {
    file: path,
    name: null,
    fits: false,
    reasons: [makeReason({ kind: "rule", symbol: null, dmesg, explanation, remedy })],
    needs: [],
    rules: [],
    notes: [],
  };
}
