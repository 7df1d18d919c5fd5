// An export that the kernel or a loaded module has already: verify_exported_symbols() of kernel/module/main.c.

import type { Address } from "../../address.ts";
import type { Export } from "../host.ts";
import type { Loading } from "../loading.ts";

/** The other export of this name, if there is one; prints the kernel's line about it. */
export function findDuplicate<A extends Address>(
  loading: Loading<A>,
  name: string,
): Export<A> | undefined {
  const other = loading.host.findExport(name);
  if (other === undefined) return undefined;
  loading.print(`exports duplicate symbol ${name} (owned by ${other.owner?.name ?? "kernel"})`);
  return other;
}
