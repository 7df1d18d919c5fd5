// Finds the jumps of a module that don't reach their targets from where the kernel loads modules, and errors in its
// tables that Linux meets before relocation. The module is planned on a kernel that takes everything else.

import { type Address, WIDTH_32, WIDTH_64, type Width } from "../address.ts";
import { Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import { counted } from "../html/numbers.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { planModule } from "../module/load.ts";
import { overflowLine } from "../module/relocation/relocate.ts";
import { address32, address64 } from "../sweep/module-address.ts";
import type { FarJump } from "../trampoline/far-jump.ts";
import { LenientHost } from "./host.ts";
import { makeReason, type Reason } from "./reason.ts";
import type { Findings, Subject } from "./subject.ts";

/** @param base where modules are loaded; for a 64-bit module, an address of up to eight digits is sign-extended. */
export function judgeJumps(subject: Subject, base: Address): Findings {
  const jumps =
    subject.file.elf.class === 64
      ? reasonsAt(subject, WIDTH_64, address64(base))
      : reasonsAt(subject, WIDTH_32, address32(base));
  if (subject.file.profile.rules.O3 === "refuse") return { reasons: jumps, notes: [] };
  const far = jumps.filter(({ kind }) => kind === "far-jump");
  const targets = far.map(({ symbol }) => symbol).join(", ");
  return {
    reasons: jumps.filter((one) => !far.includes(one)),
    notes:
      far.length === 0 ? [] : [`this kernel's loader has slots for the far jumps to ${targets}`],
  };
}

function reasonsAt<A extends Address>(
  { file, target }: Subject,
  width: Width<A>,
  base: A,
): Reason[] {
  const host = new LenientHost<A>({
    endian: file.elf.endian,
    width,
    target,
    user: file.name,
    base,
  });
  try {
    const { farJumps } = planModule<A>(file, host, { base }).plan;
    return [...bySymbol(farJumps)].map(([symbol, jumps]) => farReason(file, symbol, jumps));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { dmesg, explanation } = error;
    const remedy = "build the module again with the kernel's own Makefiles";
    return [makeReason({ kind: "rule", symbol: null, dmesg, explanation, remedy })];
  }
}

function bySymbol<A extends Address>(farJumps: readonly FarJump<A>[]): Map<string, FarJump<A>[]> {
  const groups = new Map<string, FarJump<A>[]>();
  for (const far of farJumps) {
    const group = groups.get(far.symbol);
    if (group === undefined) groups.set(far.symbol, [far]);
    else group.push(far);
  }
  return groups;
}

/** The address of an import may be unknown, its region never is. */
function why<A extends Address>({ siteRegion, targetRegion, reason }: FarJump<A>): string {
  if (siteRegion === targetRegion) return reason;
  return `a jump stays in the 256 MiB region of ${hex(siteRegion)}, and the target is in that of ${hex(targetRegion)}`;
}

function farReason<A extends Address>(
  file: ModuleFile,
  symbol: string,
  jumps: readonly FarJump<A>[],
): Reason {
  const [first] = jumps as readonly [FarJump<A>, ...FarJump<A>[]];
  const inLinux = jumps.some(({ overflowsInLinux }) => overflowsInLinux);
  const unmended = jumps.find(({ refusal }) => refusal !== null);
  return makeReason({
    kind: "far-jump",
    symbol,
    dmesg: inLinux ? [overflowLine(file.name)] : [],
    explanation: `${counted(jumps.length, "jump")} to ${symbol}, the first at ${first.section}+${hex(first.offset)}: ${why(first)}`,
    remedy:
      unmended === undefined
        ? "build the module with -mlong-calls as the kernel's Makefile does, or mend it: farjal mend M.ko -o NEW.ko"
        : `build the module with -mlong-calls; farjal can't mend all of its jumps: ${unmended.refusal}`,
  });
}
