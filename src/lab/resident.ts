// A module while it is loaded in a machine: its state between insmod and rmmod, its call sites, and its users. The
// state is stored where the kernel stores it, in the first word of struct module, so that guest code can read it.
// The loader fills that memory but does not set states.

import type { Address } from "../address.ts";
import { type LoadedModule, loadedBlocks, memoryAt } from "../module/loaded.ts";
import { isInitBlock } from "../trampoline/facts.ts";
import type { RecognisedSite } from "./module-sites.ts";

/** enum module_state, by its numbers. */
const STATES = ["LIVE", "COMING", "GOING", "UNFORMED"] as const;

export type ModuleState = (typeof STATES)[number];

/** A module as /proc/modules lists it. */
export interface ModuleStatus<A extends Address = number> {
  readonly name: string;
  /** Bytes of its present blocks. */
  readonly size: number;
  /** The reference count. */
  readonly references: number;
  /** The modules that import from it, newest first. */
  readonly users: readonly string[];
  readonly state: ModuleState;
  /** Address of its core block, or of text since 6.4; 0 for a module without code. */
  readonly base: A;
}

export class Resident<A extends Address = number, S extends RecognisedSite<A> = RecognisedSite<A>> {
  readonly module: LoadedModule<A>;
  sites: readonly S[] = [];
  /** The module's dmesg; also receives lines printed after loading. */
  readonly #dmesg: string[];
  readonly #writeWord: (address: A, word: number) => void;
  #state: ModuleState = "UNFORMED";
  /** Whether its init function has succeeded, so that its exit function must run. */
  initRan = false;
  initFreed = false;
  /** Guest memory of its arguments' texts. */
  arguments: readonly A[] = [];

  constructor(module: LoadedModule<A>, writeWord: (address: A, word: number) => void) {
    this.#dmesg = [...module.dmesg];
    this.module = { ...module, dmesg: this.#dmesg };
    this.#writeWord = writeWord;
    this.state = "UNFORMED";
  }

  get state(): ModuleState {
    return this.#state;
  }

  set state(state: ModuleState) {
    this.#state = state;
    const address = this.#structModule;
    if (address !== undefined) this.#writeWord(address, STATES.indexOf(state));
  }

  /** The call sites in its present memory. */
  get presentSites(): readonly S[] {
    return this.initFreed ? this.sites.filter(({ block }) => !isInitBlock(block)) : this.sites;
  }

  /** Whether an address was in init memory that has been freed. */
  hadInInit(address: A): boolean {
    const block = memoryAt(this.module.memories, address);
    return this.initFreed && block !== undefined && isInitBlock(block.type);
  }

  print(line: string): void {
    this.#dmesg.push(line);
  }

  /** Whether it imports a symbol of another module. */
  uses(name: string): boolean {
    return [...this.module.imports.values()].some(({ owner }) => owner?.name === name);
  }

  /** @param others all modules of the machine, in the order of loading. */
  status(others: readonly Resident<A, S>[]): ModuleStatus<A> {
    const { name, memories, core } = this.module;
    const listed = memories.find(({ type }) => type === "core" || type === "text");
    const users = others
      .filter((other) => other.uses(name))
      .map(({ module }) => module.name)
      .reverse();
    const own = this.#state === "COMING" ? 1 : 0;
    const blocks = loadedBlocks(this.module, this.initFreed);
    return {
      name,
      size: blocks.reduce((sum, { size }) => sum + size, 0),
      references: users.length + own,
      users,
      state: this.#state,
      base: listed?.base ?? core.base,
    };
  }

  get #structModule(): A | undefined {
    const section = this.module.sections.find(({ name }) => name === ".gnu.linkonce.this_module");
    return section !== undefined && section.size >= 4 ? section.address : undefined;
  }
}
