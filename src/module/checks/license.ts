// Which licenses open the kernel's GPL-only symbols: license_is_gpl_compatible() of linux/license.h.

import type { ModuleFile } from "../file/file.ts";

const GPL_COMPATIBLE: ReadonlySet<string> = new Set([
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
]);

/** What modinfo says, or what Linux says of a module that says nothing. */
export function licenseOf(file: ModuleFile): string {
  return file.modinfo.get("license") ?? "unspecified";
}

/** Whether GPL-only symbols are out of a module's sight. A plain object, which says nothing, isn't judged. */
export function isProprietary(file: ModuleFile): boolean {
  return !file.object && !GPL_COMPATIBLE.has(licenseOf(file));
}
