// Where Linux 6.1 puts a module's sections: layout_sections() and layout_symtab() of kernel/module/. Two
// blocks, core and init, the latter freed after the module's init function; in each, code first, then
// read-only data, then what only init writes, then data. Sizes include the symbol tables that the kernel
// keeps for kallsyms, since /proc/modules and the next module's address count them. Pure: offsets and
// sizes, no addresses.

import { SHF_ALLOC, SHF_EXECINSTR, SHF_RO_AFTER_INIT, SHF_WRITE } from "../../elf/numbers.ts";
import type { Section } from "../../elf/object.ts";
import { Refusal } from "../../errors.ts";
import type { Block } from "../../trampoline/facts.ts";
import type { ModuleFile } from "../file/file.ts";
import { type Kallsyms, placeKallsyms } from "../symbols/kallsyms.ts";
import { NOT_KEPT, PERCPU } from "./sections.ts";

export interface PlacedSection {
  readonly section: Section;
  readonly block: Block;
  readonly offset: number;
  /** Which of layout_sections()'s rounds took it, from 1 on; 0: layout_symtab() did, after them. */
  readonly round: number;
}

export interface BlockLayout {
  /** Bytes, symbol tables included; a block of size 0 isn't allocated. */
  readonly size: number;
  /** Bytes of code: everything before the first section that isn't executable. */
  readonly textSize: number;
  /** The greatest alignment of the sections in it, at least 1. */
  readonly alignment: number;
}

export interface ModuleLayout {
  readonly blocks: { readonly core: BlockLayout; readonly init: BlockLayout };
  /** By section index; what isn't here isn't in memory. */
  readonly sections: ReadonlyMap<number, PlacedSection>;
  /** .data..percpu, which gets an area of its own for each CPU; null when there is none or it is empty. */
  readonly perCpu: Section | null;
  readonly kallsyms: Kallsyms;
}

/** Larger than the whole module space of any 32-bit kernel: a size beyond this is a damaged file's. */
const LARGEST_BLOCK = 0x40000000;

/** The rounds, in order: flags a section must have, and flags it must not have. */
const ROUNDS: readonly (readonly [number, number])[] = [
  [SHF_EXECINSTR | SHF_ALLOC, 0],
  [SHF_ALLOC, SHF_WRITE],
  [SHF_RO_AFTER_INIT | SHF_ALLOC, 0],
  [SHF_WRITE | SHF_ALLOC, 0],
  [SHF_ALLOC, 0],
];

const RO_AFTER_INIT = [".data..ro_after_init", "__jump_table"] as const;

/**
 * An sh_addralign as the number of bytes it stands for.
 * @throws Refusal when it is no power of two, which Linux doesn't look for.
 */
export function checkedAlignment(alignment: number): number {
  if (alignment === 0) return 1;
  if (Number.isInteger(Math.log2(alignment))) return alignment;
  throw new Refusal({
    errno: "ENOEXEC",
    dmesg: [],
    explanation: `a section asks for an alignment of ${alignment}, which is no power of two: the file is damaged`,
  });
}

/** A block while it fills. */
export class BlockSpace {
  #size = 0;
  #alignment = 1;
  textSize = 0;

  get size(): number {
    return this.#size;
  }

  get alignment(): number {
    return this.#alignment;
  }

  /** Appends bytes at the next multiple of an alignment, a power of two or 0, and returns their offset. */
  append(size: number, alignment: number): number {
    const step = checkedAlignment(alignment);
    const offset = Math.ceil(this.#size / step) * step;
    this.#size = offset + size;
    this.#alignment = Math.max(this.#alignment, step);
    if (this.#size > LARGEST_BLOCK) {
      throw new Refusal({
        errno: "ENOMEM",
        dmesg: [],
        explanation: `the file's sections ask for ${this.#size} bytes of memory and more`,
      });
    }
    return offset;
  }
}

/** The flags that layout_sections() sees: some changed by name before. */
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

/** Whether a section's memory goes away after init. CONFIG_MODULE_UNLOAD=y keeps .exit.*. */
function isInit(section: Section): boolean {
  return section.name.startsWith(".init");
}

/**
 * Lays a module out.
 * @throws Refusal when the file asks for an impossible amount of memory or an alignment that is none.
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
