// A module while it is in a machine: what it goes through between insmod and rmmod, and who holds it. The
// state stands where the kernel keeps it, in the first word of struct module, so that guest code which
// asks sees it; the loader, which fills that memory, knows of no states.

import type { LoadedModule } from "../module/loaded.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { ModuleSite } from "./module-sites.ts";

/** enum module_state, by its numbers. */
const STATES = ["LIVE", "COMING", "GOING", "UNFORMED"] as const;

export type ModuleState = (typeof STATES)[number];

/** A module as /proc/modules lists it. */
export interface ModuleStatus {
  readonly name: string;
  /** Bytes of the blocks it has now. */
  readonly size: number;
  /** How many hold it. */
  readonly references: number;
  /** The modules that import from it, newest first. */
  readonly users: readonly string[];
  readonly state: ModuleState;
  /** Where its core block lies. */
  readonly base: number;
}

export class Resident {
  readonly module: LoadedModule;
  sites: readonly ModuleSite[];
  /** Lines printed after loading go here too: it is the module's dmesg. */
  readonly #dmesg: string[];
  readonly #memory: GuestMemory;
  #state: ModuleState = "UNFORMED";
  /** Whether its init function has run and returned well, and so its exit function is owed. */
  initRan = false;
  initFreed = false;
  /** Memory of its arguments' texts. */
  arguments: readonly number[] = [];

  constructor(module: LoadedModule, sites: readonly ModuleSite[], memory: GuestMemory) {
    this.#dmesg = [...module.dmesg];
    this.module = { ...module, dmesg: this.#dmesg };
    this.sites = sites;
    this.#memory = memory;
    this.state = "UNFORMED";
  }

  get state(): ModuleState {
    return this.#state;
  }

  set state(state: ModuleState) {
    this.#state = state;
    const address = this.#structModule;
    if (address !== undefined) this.#memory.setU32(address, STATES.indexOf(state));
  }

  /** Whether an address was in init memory that is freed by now. */
  hadInInit(address: number): boolean {
    const { base, size } = this.module.init;
    return this.initFreed && address >= base && address < base + size;
  }

  print(line: string): void {
    this.#dmesg.push(line);
  }

  /** Whether it imports something of a module. */
  uses(name: string): boolean {
    return [...this.module.imports.values()].some(({ owner }) => owner?.name === name);
  }

  /** @param others all modules of the machine, in the order they came. */
  status(others: readonly Resident[]): ModuleStatus {
    const { name, core, init } = this.module;
    const users = others
      .filter((other) => other.uses(name))
      .map(({ module }) => module.name)
      .reverse();
    const own = this.#state === "COMING" ? 1 : 0;
    return {
      name,
      size: core.size + (this.initFreed ? 0 : init.size),
      references: users.length + own,
      users,
      state: this.#state,
      base: core.base,
    };
  }

  get #structModule(): number | undefined {
    const section = this.module.sections.find(({ name }) => name === ".gnu.linkonce.this_module");
    return section !== undefined && section.size >= 4 ? section.address : undefined;
  }
}
