// A loaded module's call sites, read from its relocated memory: each site's form, its function and its original
// words. A site that recordmcount missed calls _mcount even while nothing is traced, here as on a real kernel.

import { type Address, ascending, distance, plus } from "../address.ts";
import { Words } from "../bytes/words.ts";
import { Refusal } from "../errors.ts";
import { recogniseSite, type SitePatch } from "../ftrace/sites/site.ts";
import type { SwitchableSite } from "../ftrace/sites/switching.ts";
import { type SymbolTable, symbolIn } from "../ftrace/symbol-table.ts";
import type { TraceSite } from "../ftrace/trace-host.ts";
import { hex } from "../hex.ts";
import type { ModuleHost } from "../module/host.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { Block } from "../trampoline/facts.ts";

/** Memory that contains code. */
export interface CodeMemory<A extends Address> {
  u32(address: A): number;
}

export interface ModuleSite extends TraceSite {
  readonly block: Block;
}

/** A site as recognised from its words. */
export interface RecognisedSite<A extends Address> extends SwitchableSite<A> {
  readonly block: Block;
}

/**
 * A module's sites whose words can be read, in the order of their addresses.
 * @throws Refusal when __mcount_loc names an address outside the module's code, or one without a known form of
 * call: Linux would overwrite the words there.
 */
export function recognisedSites<A extends Address>(
  module: LoadedModule<A>,
  memory: CodeMemory<A>,
): RecognisedSite<A>[] {
  const code = module.sections.filter(({ executable }) => executable);
  const inCode = (address: A): boolean =>
    code.some((one) => {
      const into = distance(one.address, address);
      return into >= 0 && into + 4 <= one.size;
    });
  const read = (address: A): number | undefined =>
    inCode(address) ? memory.u32(address) : undefined;
  const listed = module.file.callSites.source === "__mcount_loc";
  const inOrder = module.sites.toSorted((a, b) => ascending(a.address, b.address));
  return inOrder.flatMap(({ address, block, recorded }) => {
    const site = recogniseSite(address, read);
    if (site === undefined) {
      if (recorded && listed) throw badSite(module.name, address, inCode(address));
      return [];
    }
    const loaded: SitePatch = [memory.u32(address), memory.u32(plus(address, 4))];
    return { site, loaded, recorded, block };
  });
}

/** The same with the functions' names. @throws Refusal as recognisedSites() does. */
export function moduleSites(
  module: LoadedModule,
  memory: GuestMemory,
  names: SymbolTable,
): ModuleSite[] {
  return recognisedSites(module, memory).map((recognised) => {
    const { address } = recognised.site;
    return {
      ...recognised,
      name: symbolIn(names, address)?.name ?? hex(address),
      module: module.name,
    };
  });
}

/** Sorts __mcount_loc in place, as ftrace_process_locs() does before it reads the sites. */
export function sortMcountLoc<A extends Address>(
  module: LoadedModule<A>,
  { width, ...host }: Pick<ModuleHost<A>, "endian" | "read" | "width" | "write">,
): void {
  const table = module.sections.find(({ name }) => name === "__mcount_loc");
  const bytes = table && host.read(table.address, table.size);
  if (table === undefined || bytes === undefined || bytes.length === 0) return;
  const words = new Words(bytes, host.endian);
  const count = Math.floor(table.size / width.bytes);
  Array.from({ length: count }, (_, index) => width.read(words, index * width.bytes))
    .sort(ascending)
    .forEach((address, index) => {
      width.write(words, index * width.bytes, address);
    });
  host.write(table.address, words.bytes);
}

function badSite(name: string, address: Address, inCode: boolean): Refusal {
  return new Refusal({
    errno: null,
    dmesg: [],
    explanation:
      `__mcount_loc of ${name} names ${hex(address)}, ` +
      (inCode
        ? "where no call of _mcount is that farjal knows (gcc's forms, and clang's with -mlong-calls for 32 bits); " +
          "Linux would overwrite two words there"
        : "which is outside the module's code; Linux would overwrite what is there") +
      ". The object was linked or patched after recordmcount ran, or built by a compiler whose calls Linux can't trace; " +
      "build it again with gcc as the kernel's makefiles do",
  });
}
