// A module with its dependencies on one machine. Each dependency is loaded after those that it needs itself, at
// ascending addresses in the module's 256 MiB region, clear of the module. Only this file chooses where the next
// dependency goes; its callers find the dependencies and their files.

import { KSEG2 } from "../../assembly/shared/memory-map.ts";
import { type Address, distance, lowWord, plus } from "../address.ts";
import { Misuse, Refusal } from "../errors.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { type LoadedModule, loadedBlocks } from "../module/loaded.ts";
import type { PerBlock } from "../trampoline/facts.ts";
import { REGION_SIZE, regionOf } from "../trampoline/region.ts";
import type { InsmodOptions } from "./machine-options.ts";
import type { ModuleMachine } from "./module-machine.ts";

/** A module's file, identified by its path. */
export interface StackedFile {
  readonly path: string;
  readonly file: ModuleFile;
}

interface Stacked<A extends Address> {
  readonly path: string;
  readonly base: A;
  readonly module: LoadedModule<A>;
}

/** A dependency's addresses; the default of each follows from the others. */
export interface Placing<A extends Address> {
  readonly base: A;
  readonly place?: PerBlock<A>;
  readonly perCpuBase?: A;
}

/** Called for each module that is loaded. */
export type OnLoad = (module: LoadedModule<Address>) => void;

export class ModuleStack<A extends Address> {
  readonly machine: ModuleMachine<A>;
  readonly #options: InsmodOptions<A>;
  readonly #loaded: Stacked<A>[] = [];

  /** @param options how each dependency is loaded. */
  constructor(machine: ModuleMachine<A>, options: InsmodOptions<A>) {
    this.machine = machine;
    this.#options = options;
  }

  /**
   * Where the next dependency goes: above the last one.
   * @param from where the first goes; see dependencyBase().
   */
  next(from: A): A {
    const last = this.#loaded.at(-1);
    return last === undefined ? from : this.#above(last.module);
  }

  /** Loads one more dependency. @throws what insmodFile() throws. */
  push({ path, file }: StackedFile, placing: Placing<A>): LoadedModule<A> {
    const module = this.machine.insmodFile(file, { ...this.#options, ...placing });
    this.#loaded.push({ path, base: placing.base, module });
    return module;
  }

  /**
   * Makes the loaded dependencies exactly these, in this order. Those already in place stay loaded.
   * @throws a Refusal or Misuse that names the dependency.
   */
  arrange(order: readonly StackedFile[], from: A, onLoad: OnLoad): void {
    let next = from;
    for (const [index, wanted] of order.entries()) {
      const there = this.#loaded[index];
      if (there === undefined || there.path !== wanted.path || there.base !== next) {
        this.#unload(index);
        try {
          onLoad(this.push(wanted, { base: next }));
        } catch (error) {
          throw loadedFirst(moduleName(wanted.path), error);
        }
      }
      next = this.#above((this.#loaded[index] as Stacked<A>).module);
    }
    this.#unload(order.length);
  }

  /** Unloads all but the first `count` dependencies, the newest first. */
  #unload(kept: number): void {
    for (const { module } of this.#loaded.splice(kept).reverse()) this.machine.rmmod(module);
  }

  /** The first page after a module's blocks and their guard page. */
  #above(module: LoadedModule<A>): A {
    const { pageSize } = this.machine;
    const blocks = loadedBlocks(module);
    const base = blocks[0]?.base ?? module.core.base;
    const ends = blocks.map((block) => distance(base, block.base) + block.size);
    return plus(
      base,
      (Math.ceil(ends.reduce((most, end) => Math.max(most, end), 0) / pageSize) + 1) * pageSize,
    );
  }
}

/**
 * The lowest address for the dependencies of a module at `base`: in the module's region, so that calls between them
 * reach, and in the half of the region that the module is not in.
 */
export function dependencyBase<A extends Address>(base: A): A {
  const region = regionOf(base);
  if (typeof region === "number" && region < KSEG2) return KSEG2 as A;
  const half = REGION_SIZE / 2;
  return lowWord(base) % REGION_SIZE >= half ? region : plus(region, half);
}

/** An error about a dependency, worded for the module that needs it. */
export function loadedFirst(dependency: string, error: unknown): unknown {
  const prefix = `${dependency}, which is loaded first: `;
  if (error instanceof Misuse) return new Misuse(prefix + error.message);
  if (!(error instanceof Refusal)) return error;
  const { errno, dmesg, explanation } = error;
  return new Refusal({ errno, dmesg, explanation: prefix + explanation });
}
