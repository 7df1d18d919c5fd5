// A module while it is in a machine: its states between insmod and rmmod, its call sites, and who uses it. The
// state is kept where the kernel keeps it, in the first word of struct module, so that guest code which asks
// sees it; the loader, which fills that memory, knows of no states.

import { type Address, distance } from "../address.ts";
import { type LoadedModule, loadedBlocks } from "../module/loaded.ts";
import type { RecognisedSite } from "./module-sites.ts";

/** enum module_state, by its numbers. */
const STATES = ["LIVE", "COMING", "GOING", "UNFORMED"] as const;

export type ModuleState = (typeof STATES)[number];

/** A module as /proc/modules lists it. */
export interface ModuleStatus<A extends Address = number> {
  readonly name: string;
  /** Bytes of the blocks it has now. */
  readonly size: number;
  /** How many hold it. */
  readonly references: number;
  /** The modules that import from it, newest first. */
  readonly users: readonly string[];
  readonly state: ModuleState;
  /** Address of its core block. */
  readonly base: A;
}

export class Resident<A extends Address = number, S extends RecognisedSite<A> = RecognisedSite<A>> {
  readonly module: LoadedModule<A>;
  sites: readonly S[] = [];
  /** Lines printed after loading go here too: it is the module's dmesg. */
  readonly #dmesg: string[];
  readonly #writeWord: (address: A, word: number) => void;
  #state: ModuleState = "UNFORMED";
  /** Whether its init function has run and succeeded, so that its exit function is to run. */
  initRan = false;
  initFreed = false;
  /** Memory of its arguments' texts. */
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

  /** The call sites in memory that it has now. */
  get presentSites(): readonly S[] {
    return this.initFreed ? this.sites.filter(({ block }) => block !== "init") : this.sites;
  }

  /** Whether an address was in init memory that is freed by now. */
  hadInInit(address: A): boolean {
    const { base, size } = this.module.init;
    const into = distance(base, address);
    return this.initFreed && into >= 0 && into < size;
  }

  print(line: string): void {
    this.#dmesg.push(line);
  }

  /** Whether it imports something of a module. */
  uses(name: string): boolean {
    return [...this.module.imports.values()].some(({ owner }) => owner?.name === name);
  }

  /** @param others all modules of the machine, in the order they came. */
  status(others: readonly Resident<A, S>[]): ModuleStatus<A> {
    const { name, core } = this.module;
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
      base: core.base,
    };
  }

  get #structModule(): A | undefined {
    const section = this.module.sections.find(({ name }) => name === ".gnu.linkonce.this_module");
    return section !== undefined && section.size >= 4 ? section.address : undefined;
  }
}
