// What differs between two kernels for one module: each import that one of them exports otherwise. A pure function of
// the two targets; rules that differ are in touched-rules.ts.

import { hex } from "../hex.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { importsOf } from "./import-reasons.ts";
import type { Target, TargetExport } from "./target.ts";

/** One thing that differs, as each kernel has it. */
export interface KernelDifference {
  readonly what: "exported" | "by" | "checksum" | "gpl-only" | "namespace";
  readonly symbol: string;
  readonly kernel: string;
  readonly against: string;
}

/** The differences that concern a module's imports, in its symbol table's order. */
export function importDifferences(
  file: ModuleFile,
  kernel: Target,
  against: Target,
): KernelDifference[] {
  return ["module_layout", ...importsOf(file).keys()].flatMap((symbol) => {
    const [one, other] = [kernel, against].map((target) => target.findExport(symbol, file.name));
    const differs = (
      what: KernelDifference["what"],
      text: (found: TargetExport) => string,
    ): KernelDifference[] => {
      const [a, b] = [one, other].map((found) => (found === undefined ? "no" : text(found)));
      return a === b ? [] : [{ what, symbol, kernel: a ?? "", against: b ?? "" }];
    };
    if (one === undefined || other === undefined) return differs("exported", () => "yes");
    return [
      ...differs("by", ({ owner }) => owner?.name ?? "the kernel"),
      ...(one.crc === null || other.crc === null
        ? []
        : differs("checksum", ({ crc }) => hex(crc ?? 0))),
      ...differs("gpl-only", ({ gpl }) => (gpl ? "yes" : "no")),
      ...differs("namespace", ({ namespace }) => namespace ?? "none"),
    ];
  });
}
