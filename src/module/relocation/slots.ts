// How many slots OpenWrt's loader allocates for the far jumps of a module (module_frob_arch_sections() of its patches):
// one for each R_MIPS_26 that may be far, far or not, since addresses aren't known yet.

import { R_MIPS_26 } from "../../../assembly/shared/relocation-types.ts";
import { relocationTables } from "../../elf/contents.ts";
import { SHF_ALLOC, SHN_UNDEF } from "../../elf/numbers.ts";
import type { ElfObject } from "../../elf/object.ts";

/**
 * Code that stays calls its own functions nearby, so only its imports count; init code may be far from the rest, so all
 * its jumps count. Whether code is init's is read from the name of the relocation section.
 */
export function countSlots(elf: ElfObject): number {
  // On 64 bits the kernel has long calls.
  if (elf.class === 64) return 0;
  let count = 0;
  for (const table of relocationTables(elf)) {
    if ((table.target.flags & SHF_ALLOC) === 0) continue;
    const init = table.section.name.includes(".init");
    for (let index = 0; index < table.count; index++) {
      if (table.type(index) !== R_MIPS_26) continue;
      if (init || elf.symbols[table.symbol(index)]?.section === SHN_UNDEF) count++;
    }
  }
  return count;
}
