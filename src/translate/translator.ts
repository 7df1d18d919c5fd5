// The translator's policy: which code is translated, when, and how long translations are kept. The core stops at hot
// code. The code's behaviour is observed for a while; then its unit and the units it calls become one WebAssembly
// module, and their functions are put into the table that the core and other units call through. When code is
// overwritten, its unit is removed from the table at once; when the same words are written back, the same function is
// put back, so switching a call site on and off costs no compilation. The amount kept is bounded: past a limit
// everything is dropped, and code that is still hot is translated again.

import { EXITS, EXITS_ALLOWED, PAGE_SIZE, RAM } from "../../assembly/shared/memory-map.ts";
import { RETURN_HOOK } from "../../assembly/shared/trace-ring.ts";
import {
  CODE_GRAIN,
  LEFT_BY_GUARD,
  LEFT_BY_RETURN,
  LEFT_FOR_TRANSLATED,
  LEFT_FOR_UNTRANSLATED,
  SLOTS,
  STAYED,
} from "../../assembly/shared/translated-code.ts";
import type { BlockCounts, UnitCounts } from "./block-counts.ts";
import { blockLength, type Flow, instructionsOf, readFlow } from "./blocks.ts";
import { CodeMap, grainOf } from "./code-map.ts";
import { DispatchTable } from "./dispatch-table.ts";
import { wasmModule } from "./encoder/wasm-module.ts";
import { LONGEST_UNIT } from "./exit-code.ts";
import { type Access, Emitter, type Instruction, type Window } from "./instruction.ts";
import { withSingleEntries } from "./loop-entries.ts";
import { Observations, type Place } from "./observations.ts";
import { type UnitSetting, unitBody } from "./unit.ts";
import type { UnitCache } from "./unit-cache.ts";
import { COUNTED, HOOK_SLOT, PLAIN, type UnitInterface } from "./unit-interface.ts";
import { type Mapping, Windows } from "./windows.ts";

/** Instructions observed before a translation. */
export const OBSERVATION = 4000;
/** A unit's instructions, and units that are translated together. */
const LARGEST_UNIT = 1000;
const MOST_TOGETHER = 12;
/** Guard failures after which a unit is translated again; each time the limit grows by this factor. */
const FIRST_EXITS = 64;
const MORE_EXITS = 4;
/**
 * Instructions that a translation has to last for to be worth its making. Code that is overwritten sooner waits for as
 * many before it is translated again, and each time for twice as many; a version that is kept waits less to be put back.
 */
const WORTH = 1_000_000;
const LONGEST_WAIT = 64 * WORTH;
const KEPT_WAITS = 1 / 64;
/** Versions of one unit's code that are kept. */
const MOST_VERSIONS = 4;

/**
 * What the translator's work costs, as interpreted instructions: for a module, each of its instructions, and a change.
 * They are estimates for a booting kernel, where V8 has optimised little of the translator's own code.
 */
const MODULE_WORK = 200_000;
const INSTRUCTION_WORK = 12_000;
const CHANGE_WORK = 2000;
/** When one of these limits is exceeded, all translations are dropped. */
const MOST_MODULES = 400;
const MOST_BYTES = 32 << 20;
/** Table slots that must be free for a translation and the code it calls. */
const FEWEST_SLOTS = 512;
/** Block counters that must be free for one while instructions are counted. */
const FEWEST_COUNTERS = LARGEST_UNIT * MOST_TOGETHER;
/** The first that the core has no use of its own for. */
const FIRST_SLOT = HOOK_SLOT + 1;
/** sp and fp: accesses through them are to the stack. */
const STACK_REGISTERS = (1 << 29) | (1 << 30);

/** The function table that units are called through, and those of the core's functions that they use. */
export interface Linked {
  readonly table: WebAssembly.Table;
  readonly untranslated: CallableFunction;
  readonly storeBesideCode: CallableFunction;
  readonly enterTraced: CallableFunction;
  readonly returnTraced: CallableFunction;
}

/** What the translator needs from the core. */
export interface TranslatedCore {
  readonly memory: WebAssembly.Memory;
  readonly linked: Linked;
  /** Gives `linked` another table; called between runs. */
  renew(): void;
  /** Bytes of kseg0 that are RAM. */
  readonly directSize: number;
  /** Instructions completed since reset. */
  readonly count: number;
  /** The stack pointer. */
  readonly sp: number;
  /** Where runs end: never translated. */
  readonly returnTo: number;
  readonly mappings: readonly Mapping[];
  /** Units that were written before, by processors of the same byte order. */
  readonly cache: UnitCache;
  /** The blocks' counters while instructions are counted, otherwise null; when that changes, flush() is called. */
  readonly counts: BlockCounts | null;
  emit(word: number, pc: number): number;
  emitLeave(): void;
  /** The physical address that a fetch at a guest address reaches. */
  translate(address: number): number | undefined;
  /** Marks the page at a guest address in the page tables as the code map asks. */
  markPage(address: number): void;
  /** The same for every mapping of a physical page: in kseg0, kseg1 and the TLB. */
  markPhysical(physical: number): void;
}

/** A unit as it is translated. */
interface Translation {
  readonly root: number;
  readonly slot: number;
  /** The code it was made from. */
  readonly code: readonly {
    readonly address: number;
    readonly physical: number;
    readonly word: number;
  }[];
  /** The memory that it writes without checking for code there. */
  readonly writes: readonly Window[];
  readonly windows: readonly Window[];
  /** The addresses of its loads and stores that were never observed. */
  readonly unseen: readonly number[];
  /** null: it counts nothing. */
  readonly counts: UnitCounts | null;
  readonly run: CallableFunction;
}

/** The code at one address. */
interface Root {
  readonly slot: number;
  live: Translation | undefined;
  /** Versions that aren't in the table now, the latest first. */
  resting: Translation[];
  made: number;
  /** The count at which it was put into the table, or was overwritten. */
  since: number;
  /** Instructions from then on for which overwritten code isn't translated. */
  wait: number;
}

/** A translator's statistics. */
export interface TranslatorStatistics {
  /** Units in the table now, and their modules. */
  readonly units: number;
  readonly modules: number;
  /** WebAssembly bytes held, and instructions of the units that were written, in all. */
  readonly bytes: number;
  readonly translatedInstructions: number;
  readonly compilations: number;
  readonly compileMilliseconds: number;
  /** How often a unit was removed because its code was overwritten, and put back without a compilation. */
  readonly invalidations: number;
  readonly reinstallations: number;
  /** How often a unit was translated again because its guards failed. */
  readonly improvements: number;
  /** Units that weren't written, because the same code had been written before. */
  readonly reusedUnits: number;
  /** How often all translations were dropped. */
  readonly flushes: number;
  /** Instructions completed in translated code, of all that the machine has completed. */
  readonly instructions: number;
  /** Times that translated code was left, by cause. */
  readonly exits: {
    /** A guard failed: an assumption of the translation did not hold. */
    readonly guard: number;
    /** The run was over. */
    readonly returned: number;
    /** The interpreter must continue: at cold code, or at an instruction for the exact reading. */
    readonly untranslated: number;
    /** To check the budget or the depth of the host's stack; translated code follows. */
    readonly limit: number;
  };
}

export class Translator {
  readonly #core: TranslatedCore;
  readonly #words: Uint32Array;
  readonly #emitter: Emitter;
  readonly #observations: Observations;
  readonly #windows: Windows;
  readonly #dispatch: DispatchTable;
  /** The code of live translations, by physical address. */
  readonly #code: CodeMap<Translation>;
  readonly #roots = new Map<number, Root>();
  readonly #bySlot: (number | undefined)[] = [];
  readonly #live = new Set<Translation>();
  /** The slots that addresses have had; they keep them, so that a unit's code is the same when it is needed again. */
  readonly #slots = new Map<number, number>();
  #nextSlot = FIRST_SLOT;
  #modules = 0;
  #bytes = 0;
  /** Times that the core stopped for hot code or for a write to code. */
  #attempts = 0;
  #counts = {
    translatedInstructions: 0,
    compilations: 0,
    compileMilliseconds: 0,
    invalidations: 0,
    reinstallations: 0,
    improvements: 0,
    reusedUnits: 0,
    flushes: 0,
  };

  constructor(core: TranslatedCore) {
    this.#core = core;
    const memory = core.memory.buffer as unknown as SharedArrayBuffer;
    this.#words = new Uint32Array(memory);
    this.#emitter = new Emitter(memory, core);
    this.#observations = new Observations(memory);
    this.#windows = new Windows(
      () => core.directSize,
      () => core.mappings,
    );
    this.#dispatch = new DispatchTable(memory);
    this.#code = new CodeMap(memory);
    this.#beginTable();
  }

  get statistics(): TranslatorStatistics {
    return {
      units: this.#live.size,
      modules: this.#modules,
      bytes: this.#bytes,
      ...this.#counts,
      instructions: this.instructions,
      exits: {
        guard: this.#counted(LEFT_BY_GUARD),
        returned: this.#counted(LEFT_BY_RETURN),
        untranslated: this.#counted(LEFT_FOR_UNTRANSLATED),
        limit: this.#counted(LEFT_FOR_TRANSLATED),
      },
    };
  }

  /** What has been done so far, in the interpreted instructions that take as long. */
  get work(): number {
    const { compilations, translatedInstructions, invalidations, reinstallations } = this.#counts;
    return (
      compilations * MODULE_WORK +
      translatedInstructions * INSTRUCTION_WORK +
      (invalidations + reinstallations + this.#attempts) * CHANGE_WORK
    );
  }

  /** Instructions completed in translated code. */
  get instructions(): number {
    return this.#counted(STAYED);
  }

  #counted(place: number): number {
    return (this.#words[place / 4] ?? 0) + (this.#words[place / 4 + 1] ?? 0) * 2 ** 32;
  }

  /**
   * Whether the code at pc, which is hot, has to be interpreted further because it was overwritten too soon the last
   * time. It is then no longer hot.
   */
  postpones(pc: number): boolean {
    const root = this.#roots.get(pc);
    if (root === undefined || root.live !== undefined || root.wait === 0) return false;
    const waited = this.#core.count - root.since;
    if (waited >= root.wait) return false;
    if (waited >= root.wait * KEPT_WAITS && root.resting.some((one) => this.#stands(one)))
      return false;
    this.#dispatch.withdrawn(pc, false);
    return true;
  }

  /** Whether the code at pc is known already: it needs no observation to go back into the table. */
  reinstall(pc: number): boolean {
    this.#attempts++;
    const root = this.#roots.get(pc);
    if (root === undefined) return false;
    if (root.live !== undefined) {
      this.#install(root, root.live);
      return true;
    }
    const version = root.resting.find((one) => this.#stands(one));
    if (version === undefined) return false;
    root.resting = root.resting.filter((one) => one !== version);
    this.#counts.reinstallations++;
    this.#install(root, version);
    return true;
  }

  /** Translates the code at pc, with what it calls, from what was observed; false if it can't be. */
  translate(pc: number): boolean {
    this.#observations.take();
    if (this.reinstall(pc)) return true; // as its code was written to meanwhile
    const { counts } = this.#core;
    const full =
      this.#modules >= MOST_MODULES ||
      this.#nextSlot > SLOTS - FEWEST_SLOTS ||
      (counts !== null && counts.room < FEWEST_COUNTERS);
    if (full || this.#bytes >= MOST_BYTES) this.flush();
    return this.#make(pc, true);
  }

  /** Makes the unit in a slot anew, from what was observed since its guards failed too often. */
  improve(slot: number): void {
    const pc = this.#bySlot[slot];
    const root = pc === undefined ? undefined : this.#roots.get(pc);
    this.#observations.take();
    if (pc === undefined || root?.live === undefined) return;
    this.#counts.improvements++;
    this.#remove(root.live, false);
    this.#make(pc, false);
  }

  /** Whether there are loads and stores in translated code that were never observed. */
  get hasUnseen(): boolean {
    return [...this.#live].some(({ unseen }) => unseen.length > 0);
  }

  /** Makes those units anew whose unseen loads and stores have been observed now. */
  improveUnseen(): void {
    this.#observations.take();
    for (const unit of [...this.#live]) {
      if (!unit.unseen.some((pc) => this.#observations.at(pc) !== undefined)) continue;
      this.#counts.improvements++;
      this.#remove(unit, false);
      this.#make(unit.root, false);
    }
  }

  /** Must be called when physical memory was written; removes the translations made from it. */
  written(physical: number, size: number): void {
    const owners = this.#code.ownersOf(physical, size);
    if (owners.size > 0) this.#attempts++;
    for (const translation of owners) {
      const hit = translation.code.some(
        (one) => one.physical + 4 > physical && one.physical < physical + size,
      );
      if (!hit) continue;
      this.#counts.invalidations++;
      this.#remove(translation, true);
      this.#overwritten(translation.root);
    }
  }

  /** Decides how long the code at a root waits until it is translated again. */
  #overwritten(pc: number): void {
    const root = this.#roots.get(pc);
    if (root === undefined) return;
    const { count } = this.#core;
    const lasted = count - root.since;
    root.wait = lasted >= WORTH ? 0 : Math.min(Math.max(WORTH, 2 * root.wait), LONGEST_WAIT);
    root.since = count;
  }

  /** Must be called when guest addresses were remapped; removes the translations that rely on them. */
  remapped(address: number, size: number): void {
    const end = address + size;
    for (const translation of [...this.#live]) {
      const { code, windows } = translation;
      const relies =
        code.some((one) => one.address >= address && one.address < end) ||
        windows.some((window) => window.start < end && address < window.start + window.size);
      if (relies) this.#remove(translation, true);
    }
  }

  /** Drops all translations: the page tables, the processor's mode or all of memory have changed. */
  flush(): void {
    if (this.#roots.size === 0) return;
    this.#counts.flushes++;
    for (const translation of [...this.#live]) this.#remove(translation, false);
    this.#core.counts?.clear();
    this.#dispatch.clear();
    // V8 keeps every instance that has imported a table for as long as the table lives (Node 20 and 22).
    this.#core.renew();
    this.#beginTable();
    for (const page of this.#windows.codePages) this.#markEverywhere(page);
    this.#roots.clear();
    this.#bySlot.length = 0;
    if (this.#nextSlot > SLOTS - FEWEST_SLOTS) {
      this.#slots.clear();
      this.#nextSlot = FIRST_SLOT;
    }
    this.#modules = 0;
    this.#bytes = 0;
    this.#windows.forgetCode();
    this.#observations.forget();
  }

  /** Whether translated code covers a guest address. */
  covers(address: number): boolean {
    const physical = this.#core.translate(address);
    return physical !== undefined && this.#code.has(grainOf(physical));
  }

  // Making

  /** Makes a module of the unit at pc, and of those it calls if they belong together; false if it can't. */
  #make(pc: number, together: boolean): boolean {
    const started = performance.now();
    const units = together ? this.#related(pc) : new Map([[pc, this.#flow(pc)]]);
    const made: Making[] = [];
    const { imports } = this.#interface;
    for (const [root, flow] of units) {
      const unit = this.#unit(root, flow, imports.length + made.length);
      if (unit !== undefined) made.push(unit);
    }
    if (made.length === 0) this.#dispatch.never(pc);
    else this.#compile(made);
    this.#counts.compileMilliseconds += performance.now() - started;
    return made.length > 0;
  }

  /** A root's unit, and those of its observed callees that aren't translated yet. */
  #related(pc: number): Map<number, Flow> {
    const found = new Map([[pc, this.#flow(pc)]]);
    let instructions = 0;
    for (const { blocks } of found.values()) {
      instructions += blocks.reduce((sum, block) => sum + blockLength(block), 0);
      if (instructions >= LARGEST_UNIT) break;
      for (const { end } of blocks) {
        if (end.kind !== "call" || found.size >= MOST_TOGETHER) continue;
        const target = this.#observations.onlyTarget(end.by.pc);
        if (target === null || found.has(target)) continue;
        if (this.#roots.get(target)?.live === undefined) found.set(target, this.#flow(target));
      }
    }
    return found;
  }

  #flow(root: number): Flow {
    const code = {
      instruction: (pc: number): Instruction | undefined => {
        if (pc === this.#core.returnTo) return undefined;
        const word = this.#wordAt(pc);
        return word === undefined ? undefined : this.#emitter.read(word, pc);
      },
      jumpTargets: (pc: number): readonly number[] => this.#observations.targets(pc),
    };
    const limits = { instructions: LARGEST_UNIT, distance: LONGEST_UNIT / 2 - PAGE_SIZE };
    return withSingleEntries(readFlow(root, code, limits));
  }

  /** @param index its place among the functions of the module it will be in. */
  #unit(pc: number, flow: Flow, index: number): Making | undefined {
    const { blocks } = flow;
    const [first] = blocks;
    if (first === undefined || (first.instructions.length === 0 && first.end.kind === "exit")) {
      return undefined; // it begins with what the interpreter has to do
    }
    const slot = this.#rootAt(pc)?.slot;
    if (slot === undefined) return undefined;
    const counters = this.#core.counts;
    const counts = counters?.place(flow) ?? null;
    if (counters !== null && counts === null) return undefined; // there is no room to count it
    const code = blocks.flatMap(instructionsOf).map((one) => ({
      address: one.pc,
      physical: this.#core.translate(one.pc) ?? 0,
      word: one.word,
    }));
    for (const { physical } of code) this.#windows.addCode(physical);
    const windows: Window[] = [];
    const writes: Window[] = [];
    const unseen: number[] = [];
    const access = (instruction: Instruction): Access => {
      if (isUnseen(instruction, this.#observations)) unseen.push(instruction.pc);
      const way = this.#access(instruction);
      if (typeof way === "string") return way;
      windows.push(way);
      if (isStore(instruction)) writes.push(way);
      return way;
    };
    const setting: UnitSetting = {
      slot,
      index,
      emitter: this.#emitter,
      access,
      slotOf: (target) => this.#rootAt(target)?.slot ?? 0,
      likelyTarget: (at) => this.#observations.onlyTarget(at),
      counterOf:
        counters === null || counts === null ? null : (block) => counters.counterOf(counts, block),
    };
    const { body, isKept } =
      counts === null
        ? this.#core.cache.body(flow, setting)
        : { body: unitBody(flow, setting), isKept: false };
    if (isKept) this.#counts.reusedUnits++;
    else this.#counts.translatedInstructions += code.length;
    return { root: pc, slot, code, windows, writes, unseen, counts, body };
  }

  /** The way to memory that fits what the instruction was seen touching. */
  #access(instruction: Instruction): Access {
    const store = isStore(instruction);
    const place = this.#observations.at(instruction.pc) ?? this.#stackPlace(instruction);
    if (place === undefined) return "pages";
    const { least, greatest } = place;
    const window = store
      ? this.#windows.forWriting(least, greatest)
      : this.#windows.forReading(least, greatest);
    if (window !== undefined) return roundWindow(window, least, greatest);
    const values = store ? [...place.values] : [];
    return values.some((value) => this.#windows.onCodePage(value)) ? "checked" : "pages";
  }

  #stackPlace({ reads }: Instruction): Place | undefined {
    if ((reads & STACK_REGISTERS) === 0) return undefined;
    const { sp } = this.#core;
    return { least: sp, greatest: sp, values: new Set([sp]) };
  }

  #compile(made: readonly Making[]): void {
    const { memory, linked } = this.#core;
    const { table, storeBesideCode, enterTraced, returnTraced } = linked;
    const bytes = wasmModule(
      {
        ...this.#interface,
        memoryPages: memory.buffer.byteLength / 0x10000,
        tableSize: SLOTS,
      },
      made.map(({ body }) => body),
    );
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: {
        memory,
        table,
        storeBesideCode,
        enterTraced,
        returnTraced,
        leftBlock: (slot: number, at: number, undone: number) =>
          this.#leftBlock(slot, at >>> 0, undone),
      },
    });
    this.#counts.compilations++;
    this.#modules++;
    this.#bytes += bytes.length;
    made.forEach(({ body: _body, ...unit }, index) => {
      const run = instance.exports[`f${index}`] as CallableFunction;
      const translation: Translation = { ...unit, run };
      const root = this.#roots.get(unit.root);
      if (root === undefined) return;
      if (root.live !== undefined) this.#remove(root.live, false);
      const allowed = FIRST_EXITS * MORE_EXITS ** Math.min(root.made++, 10);
      this.#words[EXITS / 4 + unit.slot] = 0;
      this.#words[EXITS_ALLOWED / 4 + unit.slot] = allowed;
      this.#install(root, translation);
    });
  }

  get #interface(): UnitInterface {
    return this.#core.counts === null ? PLAIN : COUNTED;
  }

  /** For the unit in a slot that left before a block was complete. */
  #leftBlock(slot: number, at: number, undone: number): void {
    const root = this.#bySlot[slot];
    const unit = root === undefined ? undefined : this.#roots.get(root)?.live?.counts;
    if (unit) this.#core.counts?.left(unit, at, undone);
  }

  // The table

  #beginTable(): void {
    const { table, untranslated, returnTraced } = this.#core.linked;
    table.set(0, untranslated); // for code that has no slot of its own
    table.set(HOOK_SLOT, returnTraced);
    this.#dispatch.translated(RETURN_HOOK, HOOK_SLOT);
  }

  #rootAt(pc: number): Root | undefined {
    const known = this.#roots.get(pc);
    if (known !== undefined) return known;
    const before = this.#slots.get(pc);
    if (before === undefined && this.#nextSlot >= SLOTS) return undefined;
    const root: Root = {
      slot: before ?? this.#nextSlot++,
      live: undefined,
      resting: [],
      made: 0,
      since: 0,
      wait: 0,
    };
    this.#core.linked.table.set(root.slot, this.#core.linked.untranslated);
    this.#slots.set(pc, root.slot);
    this.#roots.set(pc, root);
    this.#bySlot[root.slot] = pc;
    return root;
  }

  #install(root: Root, translation: Translation): void {
    root.live = translation;
    root.since = this.#core.count;
    this.#live.add(translation);
    const grains: number[] = [];
    const pages = new Set<number>();
    for (const { physical } of translation.code) {
      const grain = grainOf(physical);
      const page = Math.floor(physical / PAGE_SIZE);
      const empty = !this.#code.has(grain) && !this.#code.hasIn(page);
      if (!this.#code.add(grain, translation)) continue;
      if (empty) pages.add(page);
      grains.push(grain);
    }
    for (const page of pages) this.#markEverywhere(page);
    this.#removeWriters(grains);
    this.#core.linked.table.set(root.slot, translation.run);
    this.#dispatch.translated(translation.root, root.slot);
  }

  /** Removes a translation from the table; `rests` if it may be put back. */
  #remove(translation: Translation, rests: boolean): void {
    const root = this.#roots.get(translation.root);
    this.#live.delete(translation);
    for (const { physical } of translation.code) {
      this.#code.delete(grainOf(physical), translation);
    }
    this.#core.linked.table.set(translation.slot, this.#core.linked.untranslated);
    if (root === undefined) return;
    root.live = undefined;
    if (rests) root.resting = [translation, ...root.resting].slice(0, MOST_VERSIONS);
    this.#dispatch.withdrawn(translation.root, rests);
  }

  /** Whether a version's code and the windows it relies on are unchanged. */
  #stands({ code, windows, writes }: Translation): boolean {
    return (
      code.every(
        ({ address, physical, word }) =>
          this.#core.translate(address) === physical && this.#words[(RAM + physical) / 4] === word,
      ) &&
      windows.every(({ start, size, offset }) => {
        const now = this.#windows.forReading(start, start + size - 4);
        return now !== undefined && now.offset - now.start === offset - start;
      }) &&
      writes.every(({ start, size, offset }) => {
        const now = this.#windows.forWriting(start, start + size - 4);
        return now !== undefined && now.offset - now.start === offset - start;
      })
    );
  }

  /** Updates a physical page's marks from the code map, at every address where the guest sees it. */
  #markEverywhere(page: number): void {
    const physical = page * PAGE_SIZE;
    this.#core.markPhysical(physical);
    for (const mapping of this.#core.mappings) {
      const offset = physical - mapping.physical;
      if (offset >= 0 && offset < mapping.size) this.#core.markPage(mapping.address + offset);
    }
  }

  /** Removes the translations that could write to one of these grains without checking for code there. */
  #removeWriters(grains: readonly number[]): void {
    const places = grains.map((grain) => RAM + grain * CODE_GRAIN);
    for (const translation of [...this.#live]) {
      const hit = translation.writes.some(({ offset, size }) =>
        places.some((at) => offset < at + CODE_GRAIN && at < offset + size),
      );
      if (hit) this.#remove(translation, false);
    }
  }

  /** The word at an address whose mapping only the host changes, not the TLB. */
  #wordAt(pc: number): number | undefined {
    if (!this.#windows.isLasting(pc)) return undefined;
    const physical = this.#core.translate(pc);
    return physical === undefined ? undefined : this.#words[(RAM + physical) / 4];
  }
}

/** A unit whose module is being made. */
type Making = Omit<Translation, "run"> & { readonly body: ReturnType<typeof unitBody> };

/** Whether it is a load or store of which nothing was observed, and that isn't to the stack. */
function isUnseen({ pc, word, guards, reads }: Instruction, observations: Observations): boolean {
  const accesses = word >>> 30 === 2; // lb to swr
  const toStack = (reads & STACK_REGISTERS) !== 0;
  return accesses && guards && !toStack && observations.at(pc) === undefined;
}

/**
 * The lower or the upper end of a window, if an address seen there is in it and its size is a power of two: then a guard
 * needs no comparison of its own for the alignment.
 */
function roundWindow(window: Window, least: number, greatest: number): Window {
  const size = 2 ** Math.floor(Math.log2(window.size));
  for (const above of [0, window.size - size]) {
    const start = window.start + above;
    if (least >= start && greatest + 4 <= start + size) {
      return { start, size, offset: window.offset + above };
    }
  }
  return window;
}

function isStore({ word }: Instruction): boolean {
  return word >>> 29 === 5; // sb, sh, swl, sw, swr and their kin
}
