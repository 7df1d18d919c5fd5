// Where Linux puts a module's sections: layout_sections() and layout_symtab() of kernel/module/. Before 6.4 there are two
// blocks, core and init, in each of which code comes first, then read-only data, then data that only init writes, then
// other data; since 6.4 each of these has a block of its own. Init blocks are freed after the module's init function.
// Sizes include the symbol tables that the kernel keeps for kallsyms, since /proc/modules and the next module's address
// include them. Pure: offsets and sizes, no addresses.

import { SHF_ALLOC, SHF_EXECINSTR, SHF_RO_AFTER_INIT, SHF_WRITE } from "../../elf/numbers.ts";
import type { Section } from "../../elf/object.ts";
import type { Rules } from "../../kernel/rules/table.ts";
import { BLOCKS, type Block, type PerBlock } from "../../trampoline/facts.ts";
import type { ModuleFile } from "../file/file.ts";
import { type Kallsyms, type KallsymsBlocks, placeKallsyms } from "../symbols/kallsyms.ts";
import { BlockSpace, type PlacedSection } from "./block-space.ts";
import { notKept, PERCPU } from "./sections.ts";

export interface BlockLayout {
  /** Bytes, including symbol tables, before whole pages are made of them; a block of size 0 is not allocated. */
  readonly size: number;
  /** Bytes of code: everything before the first section that isn't executable. */
  readonly textSize: number;
  /** The greatest alignment of the sections in it, at least 1. */
  readonly alignment: number;
}

export interface ModuleLayout {
  /** The kernel's blocks for every module, including those that have nothing of this one. */
  readonly blocks: PerBlock<BlockLayout>;
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

/** The block that each round fills: with what stays, and with init's. */
interface Memories {
  readonly core: readonly (Block | null)[];
  readonly init: readonly (Block | null)[];
  /** The blocks that end with the symbol tables: what stays of them, and the whole ones. */
  readonly kallsyms: KallsymsBlocks;
}

const MEMORIES: Readonly<Record<Rules["L1"], Memories>> = {
  two: {
    core: ["core", "core", "core", "core", "core"],
    init: ["init", "init", "init", "init", "init"],
    kallsyms: { core: "core", init: "init" },
  },
  seven: {
    core: ["text", "rodata", "ro_after_init", "data", "data"],
    // init has no memory that is read-only after init (MOD_INVALID): a later round takes such a section.
    init: ["init_text", "init_rodata", null, "init_data", "init_data"],
    kallsyms: { core: "data", init: "init_data" },
  },
};

const RO_AFTER_INIT = [".data..ro_after_init", "__jump_table"] as const;

/** The flags that layout_sections() uses: those of some sections are changed by name first. */
function effectiveFlags(file: ModuleFile, rules: Rules): Map<Section, number> {
  const flags = new Map(file.elf.sections.map((section) => [section, section.flags]));
  const change = (names: readonly string[], to: (flags: number) => number): void => {
    for (const name of names) {
      const section = file.sections.find(name);
      if (section !== undefined) flags.set(section, to(section.flags));
    }
  };
  change(notKept(rules), (value) => value & ~SHF_ALLOC);
  change(RO_AFTER_INIT, (value) => value | SHF_RO_AFTER_INIT);
  return flags;
}

/** Whether a section's memory is freed after init. CONFIG_MODULE_UNLOAD=y keeps .exit.*. */
function isInit(section: Section): boolean {
  return section.name.startsWith(".init");
}

/**
 * Lays out a module.
 * @param rules default: those that the file was read with.
 * @throws Refusal if the file asks for an impossible amount of memory or has an invalid alignment.
 */
export function layOut(file: ModuleFile, rules: Rules = file.profile.rules): ModuleLayout {
  const memories = MEMORIES[rules.L1];
  const flags = effectiveFlags(file, rules);
  const placed = new Map<number, PlacedSection>();
  const spaces = new Map(blocksWith(memories).map((block) => [block, new BlockSpace()]));
  const spaceOf = (block: Block): BlockSpace => spaces.get(block) as BlockSpace;
  for (const part of ["core", "init"] as const) {
    for (const [round, [wanted, unwanted]] of ROUNDS.entries()) {
      const block = memories[part][round] ?? null;
      if (block === null) continue;
      const space = spaceOf(block);
      for (const section of file.elf.sections) {
        const own = flags.get(section) ?? 0;
        if ((own & wanted) !== wanted || (own & unwanted) !== 0) continue;
        if (placed.has(section.index) || isInit(section) !== (part === "init")) continue;
        const offset = space.append(section.size, section.alignment);
        placed.set(section.index, { section, block, offset, round: round + 1 });
      }
      if (round === 0) space.textSize = space.size;
    }
  }
  const { kallsyms: ends } = memories;
  const kallsyms = placeKallsyms(file, placed, ends, {
    core: spaceOf(ends.core),
    init: spaceOf(ends.init),
  });
  const { symtab, strtab } = file.sections;
  if (symtab !== undefined && strtab !== undefined) {
    const init = { block: ends.init, round: 0 } as const;
    placed.set(symtab.index, { ...init, section: symtab, offset: kallsyms.init.symtab });
    placed.set(strtab.index, { ...init, section: strtab, offset: kallsyms.init.strtab });
  }
  const perCpu = file.sections.find(PERCPU);
  return {
    blocks: Object.fromEntries([...spaces].map(([block, space]) => [block, finished(space)])),
    sections: placed,
    perCpu: perCpu === undefined || perCpu.size === 0 ? null : perCpu,
    kallsyms,
  };
}

/** In the order in which the kernel allocates them. */
function blocksWith({ core, init }: Memories): Block[] {
  return BLOCKS.filter((block) => core.includes(block) || init.includes(block));
}

function finished({ size, textSize, alignment }: BlockSpace): BlockLayout {
  return { size, textSize, alignment };
}
