// Where Linux 6.1 puts a module's sections: layout_sections() and layout_symtab() of kernel/module/. There are two
// blocks, core and init; init is freed after the module's init function. In each block code comes first, then read-only
// data, then data that only init writes, then other data. Sizes include the symbol tables that the kernel keeps for
// kallsyms, since /proc/modules and the next module's address include them. Pure: offsets and sizes, no addresses.

import { SHF_ALLOC, SHF_EXECINSTR, SHF_RO_AFTER_INIT, SHF_WRITE } from "../../elf/numbers.ts";
import type { Section } from "../../elf/object.ts";
import type { ModuleFile } from "../file/file.ts";
import { type Kallsyms, placeKallsyms } from "../symbols/kallsyms.ts";
import { BlockSpace, type PlacedSection } from "./block-space.ts";
import { NOT_KEPT, PERCPU } from "./sections.ts";

export interface BlockLayout {
  /** Bytes, including symbol tables; a block of size 0 is not allocated. */
  readonly size: number;
  /** Bytes of code: everything before the first section that isn't executable. */
  readonly textSize: number;
  /** The greatest alignment of the sections in it, at least 1. */
  readonly alignment: number;
}

export interface ModuleLayout {
  readonly blocks: { readonly core: BlockLayout; readonly init: BlockLayout };
  /** By section index; a section that isn't here isn't in memory. */
  readonly sections: ReadonlyMap<number, PlacedSection>;
  /** .data..percpu, which gets an area of its own for each CPU; null if it is absent or empty. */
  readonly perCpu: Section | null;
  readonly kallsyms: Kallsyms;
}

/** The rounds, in order: flags a section must have, and flags it must not have. */
const ROUNDS: readonly (readonly [number, number])[] = [
  [SHF_EXECINSTR | SHF_ALLOC, 0],
  [SHF_ALLOC, SHF_WRITE],
  [SHF_RO_AFTER_INIT | SHF_ALLOC, 0],
  [SHF_WRITE | SHF_ALLOC, 0],
  [SHF_ALLOC, 0],
];

const RO_AFTER_INIT = [".data..ro_after_init", "__jump_table"] as const;

/** The flags that layout_sections() uses: those of some sections are changed by name first. */
function effectiveFlags(file: ModuleFile): Map<Section, number> {
  const flags = new Map(file.elf.sections.map((section) => [section, section.flags]));
  const change = (names: readonly string[], to: (flags: number) => number): void => {
    for (const name of names) {
      const section = file.sections.find(name);
      if (section !== undefined) flags.set(section, to(section.flags));
    }
  };
  change(NOT_KEPT, (value) => value & ~SHF_ALLOC);
  change(RO_AFTER_INIT, (value) => value | SHF_RO_AFTER_INIT);
  return flags;
}

/** Whether a section's memory is freed after init. CONFIG_MODULE_UNLOAD=y keeps .exit.*. */
function isInit(section: Section): boolean {
  return section.name.startsWith(".init");
}

/**
 * Lays out a module.
 * @throws Refusal if the file asks for an impossible amount of memory or has an invalid alignment.
 */
export function layOut(file: ModuleFile): ModuleLayout {
  const flags = effectiveFlags(file);
  const placed = new Map<number, PlacedSection>();
  const spaces = { core: new BlockSpace(), init: new BlockSpace() };
  for (const block of ["core", "init"] as const) {
    for (const [round, [wanted, unwanted]] of ROUNDS.entries()) {
      for (const section of file.elf.sections) {
        const own = flags.get(section) ?? 0;
        if ((own & wanted) !== wanted || (own & unwanted) !== 0) continue;
        if (placed.has(section.index) || isInit(section) !== (block === "init")) continue;
        const offset = spaces[block].append(section.size, section.alignment);
        placed.set(section.index, { section, block, offset, round: round + 1 });
      }
      if (round === 0) spaces[block].textSize = spaces[block].size;
    }
  }
  const kallsyms = placeKallsyms(file, placed, spaces);
  const { symtab, strtab } = file.sections;
  if (symtab !== undefined && strtab !== undefined) {
    const init = { block: "init", round: 0 } as const;
    placed.set(symtab.index, { ...init, section: symtab, offset: kallsyms.init.symtab });
    placed.set(strtab.index, { ...init, section: strtab, offset: kallsyms.init.strtab });
  }
  const perCpu = file.sections.find(PERCPU);
  return {
    blocks: { core: finished(spaces.core), init: finished(spaces.init) },
    sections: placed,
    perCpu: perCpu === undefined || perCpu.size === 0 ? null : perCpu,
    kallsyms,
  };
}

function finished({ size, textSize, alignment }: BlockSpace): BlockLayout {
  return { size, textSize, alignment };
}
