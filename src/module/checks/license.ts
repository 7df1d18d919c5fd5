// Which licenses allow the use of the kernel's GPL-only symbols: license_is_gpl_compatible() of linux/license.h.

import type { ModuleFile } from "../file/file.ts";

const GPL_COMPATIBLE: ReadonlySet<string> = new Set([
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
]);

/** modinfo's license, or Linux's default for a module without one. */
export function licenseOf(file: ModuleFile): string {
  return file.modinfo.get("license") ?? "unspecified";
}

/** Whether a module can't use GPL-only symbols. A plain object, which has no modinfo, can. */
export function isProprietary(file: ModuleFile): boolean {
  return !file.object && !GPL_COMPATIBLE.has(licenseOf(file));
}
