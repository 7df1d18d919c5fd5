// A loaded module's call sites, read from its memory as relocation left it: the form of each, whose
// function it is, and the words that switch it off. One that recordmcount lost keeps calling _mcount when
// nothing traces, on a real kernel as here.

import { Refusal } from "../errors.ts";
import { recogniseSite, type SitePatch } from "../ftrace/site.ts";
import type { TraceSite } from "../ftrace/tracer.ts";
import { hex } from "../hex.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { Block } from "../trampoline/plan.ts";
import type { GuestMemory } from "./guest-memory.ts";
import type { SymbolIndex } from "./symbol-index.ts";

export interface ModuleSite extends TraceSite {
  readonly block: Block;
}

/**
 * @throws Refusal when __mcount_loc names an address outside the module's code, or one where no form of
 * call stands: Linux would overwrite what is there.
 */
export function moduleSites(
  module: LoadedModule,
  memory: GuestMemory,
  names: SymbolIndex,
): ModuleSite[] {
  const code = module.sections.filter(({ executable }) => executable);
  const inCode = (address: number): boolean =>
    code.some((one) => address >= one.address && address + 4 <= one.address + one.size);
  const read = (address: number): number | undefined =>
    inCode(address) ? memory.u32(address) : undefined;
  const inOrder = module.sites.toSorted((a, b) => a.address - b.address);
  return inOrder.flatMap(({ address, block, recorded }) => {
    const site = recogniseSite(address, read);
    if (site === undefined) {
      if (recorded) throw badSite(module.name, address, inCode(address));
      return [];
    }
    const loaded: SitePatch = [memory.u32(address), memory.u32(address + 4)];
    const name = names.at(address)?.name ?? hex(address);
    return { site, loaded, recorded, block, name, module: module.name };
  });
}

/** Sorts __mcount_loc in place, as ftrace_process_locs() does before it takes the sites. */
export function sortMcountLoc(module: LoadedModule, memory: GuestMemory): void {
  const table = module.sections.find(({ name }) => name === "__mcount_loc");
  if (table === undefined) return;
  const count = Math.floor(table.size / 4);
  const entry = (index: number): number => table.address + 4 * index;
  Uint32Array.from({ length: count }, (_, index) => memory.u32(entry(index)))
    .sort()
    .forEach((address, index) => {
      memory.setU32(entry(index), address);
    });
}

function badSite(name: string, address: number, inCode: boolean): Refusal {
  return new Refusal({
    errno: null,
    dmesg: [],
    explanation:
      `__mcount_loc of ${name} names ${hex(address)}, ` +
      (inCode
        ? "where no call to _mcount stands that farjal knows; Linux would overwrite two words there"
        : "which is outside the module's code; Linux would overwrite what lies there") +
      ". The object was linked or patched after recordmcount ran; build it again",
  });
}
