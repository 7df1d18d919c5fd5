// The counts of executed instructions by the code they belong to: the sections of modules, and what ran outside them
// (the kernel, the lab, trampolines). A module's counts are kept when its memory is freed, since other code may get
// the same addresses then.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { Words } from "../bytes/words.ts";
import type { NamedAddress } from "../ftrace/symbol-table.ts";
import { type LoadedModule, type LoadedSection, loadedBlocks } from "../module/loaded.ts";
import type { CountedRange } from "../processor/execution-counts.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { Processor } from "../processor/processor.ts";
import { isInitBlock } from "../trampoline/facts.ts";

/** The code of one section, with its counts. All lists have an element for each instruction. */
export interface CountedSection extends CountedRange {
  readonly section: LoadedSection;
  /** The words as they were in memory: relocated, with the call sites' present state. */
  readonly words: Float64Array;
}

/** The executable sections of a module. */
export interface CountedCode {
  readonly module: LoadedModule;
  readonly sections: readonly CountedSection[];
}

/** Code outside the modules' sections. */
export interface OtherCode {
  /** The symbol that contains it; null if none does. */
  readonly name: string | null;
  readonly address: number;
  /** Instructions executed there. */
  readonly instructions: number;
}

/** What was executed while the machine counted. */
export interface ExecutedCode {
  /** In all: the sum of everything below. */
  readonly instructions: number;
  /** The modules: those that are gone, then those that are loaded. */
  readonly modules: readonly CountedCode[];
  readonly elsewhere: readonly OtherCode[];
}

interface CountsHost {
  readonly processor: Processor;
  readonly memory: GuestMemory;
  modules(): readonly LoadedModule[];
  nameOf(address: number): NamedAddress | undefined;
}

export class CodeCounts {
  readonly #host: CountsHost;
  /** Sections whose memory was freed. */
  readonly #freed = new Map<LoadedModule, CountedSection[]>();
  #elsewhere: OtherCode[] = [];

  constructor(host: CountsHost) {
    this.#host = host;
  }

  /** Must be called before a module's memory is freed. @param initOnly its init memory alone. */
  freeing(module: LoadedModule, initOnly: boolean): void {
    const { executionCounts } = this.#host.processor;
    if (executionCounts.pages.length === 0) return;
    const kept = this.#freed.get(module) ?? [];
    for (const one of this.#present(module)) {
      if (initOnly && !isInitBlock(one.section.block)) continue;
      kept.push(one);
      executionCounts.forget(one.section.address, one.section.size);
    }
    this.#freed.set(module, kept);
    for (const { base, size, type } of loadedBlocks(module)) {
      if (initOnly && !isInitBlock(type)) continue;
      for (const one of this.#others(base, size)) this.#elsewhere.push(one);
      executionCounts.forget(base, size);
    }
  }

  /** @throws Refusal when more code ran than can be counted. */
  executed(): ExecutedCode {
    const { executionCounts } = this.#host.processor;
    executionCounts.check();
    const loaded = new Map(this.#host.modules().map((module) => [module, this.#present(module)]));
    const modules = [...new Set([...this.#freed.keys(), ...loaded.keys()])].map((module) => {
      const sections = [...(this.#freed.get(module) ?? []), ...(loaded.get(module) ?? [])];
      return { module, sections: sections.sort((a, b) => a.section.index - b.section.index) };
    });
    const elsewhere = joined([...this.#elsewhere, ...this.#outside([...loaded.values()].flat())]);
    const inModules = modules.reduce((sum, { sections }) => sum + sumOf(sections), 0);
    return {
      instructions: elsewhere.reduce((sum, { instructions }) => sum + instructions, inModules),
      modules,
      elsewhere,
    };
  }

  /** The executable sections of a module that are in memory. */
  #present(module: LoadedModule): CountedSection[] {
    const { processor, memory } = this.#host;
    const freed = new Set(this.#freed.get(module)?.map(({ section }) => section));
    return module.sections
      .filter((section) => section.executable && section.size > 0 && !freed.has(section))
      .map((section) => {
        const { address, size } = section;
        const code = new Words(memory.read(address, size), processor.endian);
        const range = processor.executionCounts.range(address, size);
        return { section, words: range.executed.map((_, index) => code.u32(4 * index)), ...range };
      });
  }

  /** What was executed outside these sections. */
  #outside(sections: readonly CountedSection[]): OtherCode[] {
    const { executionCounts } = this.#host.processor;
    const inside = sections.map(({ section }) => section).sort((a, b) => a.address - b.address);
    return executionCounts.pages.flatMap((page) => {
      const found: OtherCode[][] = [];
      const end = page + PAGE_SIZE;
      let from = page;
      for (const { address, size } of inside) {
        if (address >= end || address + size <= from) continue;
        found.push(this.#others(from, Math.max(address - from, 0)));
        from = Math.min(address + size, end);
      }
      found.push(this.#others(from, end - from));
      return found.flat();
    });
  }

  /** What was executed in a range, by symbol. */
  #others(address: number, size: number): OtherCode[] {
    const { executed } = this.#host.processor.executionCounts.range(address, size);
    const found: OtherCode[] = [];
    executed.forEach((instructions, index) => {
      if (instructions === 0) return;
      const at = address + 4 * index;
      const symbol = this.#host.nameOf(at);
      found.push({ name: symbol?.name ?? null, address: symbol?.address ?? at, instructions });
    });
    return joined(found);
  }
}

/** One element for each symbol, and for each stretch of code without one. */
function joined(code: readonly OtherCode[]): OtherCode[] {
  const all = new Map<string, OtherCode>();
  for (const one of code) {
    const key = one.name === null ? "" : `${one.address} ${one.name}`;
    const before = all.get(key);
    if (before === undefined) all.set(key, one);
    else all.set(key, { ...before, instructions: before.instructions + one.instructions });
  }
  return [...all.values()];
}

function sumOf(sections: readonly CountedSection[]): number {
  return sections.reduce(
    (sum, { executed }) => sum + executed.reduce((all, one) => all + one, 0),
    0,
  );
}
