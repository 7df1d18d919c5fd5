// Judges how a module was built, apart from its symbols: byte order and class, livepatching, the version magic word by
// word, and the layout of struct module.

import {
  checkByteOrder,
  checkClass,
  checkImportedNamespaces,
  checkStructModule,
  checkVermagic,
  comparesRelease,
  refuseLivepatch,
} from "../module/checks/checks.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { StructModule } from "../module/file/this-module.ts";
import { makeReason, REBUILD, type Reason } from "./reason.ts";
import { type Findings, failureOf, type Subject } from "./subject.ts";
import type { KnownShape, Target } from "./target.ts";
import { magicDifference, releaseDifference } from "./vermagic.ts";

const KIND_OF_CHECK = [
  [checkByteOrder, "rule", "build the module for this kernel's byte order"],
  [checkClass, "rule", "build the module for this kernel's class"],
  [refuseLivepatch, "rule", "build the module without livepatching"],
  [checkImportedNamespaces, "namespace", "build the module without MODULE_IMPORT_NS(module:…)"],
] as const;

/** The checks of the file that have no kind of their own. */
export function judgeFile(subject: Subject): Findings {
  const reasons = KIND_OF_CHECK.flatMap(([check, kind, remedy]) => {
    const found = failureOf(subject, check);
    return found === null ? [] : [makeReason({ kind, symbol: null, ...found, remedy })];
  });
  return { reasons, notes: [] };
}

export function judgeMagic(subject: Subject): Findings {
  const { file, target } = subject;
  if (file.object || target.vermagic === null) return { reasons: [], notes: [] };
  const own = file.modinfo.get("vermagic");
  const note = (text: string): Findings => ({ reasons: [], notes: [text] });
  if (own === undefined) {
    return note(
      "the module has no version magic: a kernel with CONFIG_MODULE_FORCE_LOAD=y takes it and is tainted, others refuse it",
    );
  }
  const withRelease = comparesRelease(target.vermagic, file.versions !== null);
  const found = failureOf(subject, checkVermagic);
  if (found !== null) {
    const explanation = magicDifference(own, target.vermagic, withRelease);
    const { dmesg } = found;
    const reason = makeReason({
      kind: "vermagic",
      symbol: null,
      dmesg,
      explanation,
      remedy: REBUILD,
    });
    return { reasons: [reason], notes: [] };
  }
  if (file.profile.rules.O2 === "ignore" && own !== target.vermagic) {
    const difference = magicDifference(own, target.vermagic, true);
    return note(
      `this kernel doesn't compare version magics (CONFIG_MODULE_STRIPPED): ${difference}`,
    );
  }
  const releases = releaseDifference(own, target.vermagic);
  if (releases === null) return { reasons: [], notes: [] };
  return note(
    `the module is for ${releases.module} and the kernel is ${releases.kernel}: Linux compares their checksums (CONFIG_MODVERSIONS), ` +
      "not the releases",
  );
}

/** sizeof(struct module) and the offsets of init and exit, compared with the kernel's other modules. */
export function judgeStructModule(subject: Subject): Findings {
  const { file, target } = subject;
  const own = file.thisModule?.shape;
  if (own === undefined) return { reasons: [], notes: [] };
  const known = target.shapeFor(file.name);
  if (known === null) return { reasons: [], notes: [] };
  const differences = shapeDifferences(own, known);
  const dmesg = failureOf(subject, checkStructModule)?.dmesg ?? [];
  return {
    reasons:
      differences.length === 0 ? [] : [structReason(file, target, known, differences, dmesg)],
    notes: [],
  };
}

function structReason(
  { name }: ModuleFile,
  target: Target,
  { from }: KnownShape,
  differences: readonly string[],
  dmesg: readonly string[],
): Reason {
  return makeReason({
    kind: "struct-module",
    symbol: null,
    dmesg,
    explanation:
      `struct module isn't that of ${target.name}, as ${from}: ${differences.join("; ")}` +
      (dmesg.length > 0
        ? ""
        : `; this kernel doesn't check it, and would call ${name} at a wrong address`),
    remedy: REBUILD,
  });
}

function shapeDifferences(own: StructModule, known: StructModule): string[] {
  const differences: string[] = [];
  if (own.size !== known.size) {
    differences.push(`it has ${own.size} bytes in the module and ${known.size} in the kernel`);
  }
  for (const member of ["init", "exit"] as const) {
    const [one, other] = [own[member], known[member]];
    if (one !== null && other !== null && one !== other) {
      differences.push(
        `${member} is at +0x${one.toString(16)} in the module and at +0x${other.toString(16)} in the kernel`,
      );
    }
  }
  return differences;
}
