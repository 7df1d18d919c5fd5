// What other modules of a kernel contribute to a verdict: their exports, and the layout of struct module in the files of
// one build. Plain values, gathered from each file once, so that a tree's modules can be read on all cores and none of
// them stays in memory.

import { isProprietary } from "../module/checks/license.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import type { StructModule } from "../module/file/this-module.ts";

export interface ExportFacts {
  readonly name: string;
  readonly gpl: boolean;
  readonly crc: number | null;
  readonly namespace: string | null;
}

export interface ModuleFacts {
  readonly name: string;
  readonly vermagic: string | null;
  /** Whether it has checksums of its imports, so that another kernel's release may fit. */
  readonly hasVersions: boolean;
  readonly proprietary: boolean;
  readonly exports: readonly ExportFacts[];
  /** null for a plain object. */
  readonly shape: StructModule | null;
}

export function factsOf(file: ModuleFile): ModuleFacts {
  return {
    name: moduleName(file.name),
    vermagic: file.modinfo.get("vermagic") ?? null,
    hasVersions: file.versions !== null,
    proprietary: isProprietary(file),
    exports: file.exports.map(({ name, gpl, crc, namespace }) => ({ name, gpl, crc, namespace })),
    shape: file.thisModule?.shape ?? null,
  };
}
