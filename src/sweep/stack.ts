// A machine of either class with modules in it, as a sweep needs one for each module: exactly the module's
// dependencies, at places that their order decides, those that lie there already left where they are. A refused
// module leaves nothing behind but the kernel's taints, of which each is told once: with one, a machine is spent.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { type Address, distance, plus } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse, Refusal } from "../errors.ts";
import { type AnyKernel, isOf64Bits, narrowed } from "../kernel/kernel.ts";
import { Machine } from "../lab/machine.ts";
import { pageSizeOf, StillMachine } from "../lab/still-machine.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { address32, address64, dependencyBase } from "./module-address.ts";

export interface StackSetup {
  readonly kernel: AnyKernel | null;
  readonly farJumps: "refuse" | "trampoline";
  readonly stubMissing: boolean;
  /** Bytes of guest RAM. */
  readonly memory: number;
}

/** What machine a module is for: the kernel's, or without one the module's own. */
export interface MachineKind {
  readonly bits: 32 | 64;
  readonly endian: Endian;
  readonly pageSize: number;
}

/** A module's file and where it is. */
export interface PlacedFile {
  readonly path: string;
  readonly file: ModuleFile;
}

interface StackMachine<A extends Address> {
  readonly taints: readonly unknown[];
  insmodFile(file: ModuleFile, options: Placing<A>): LoadedModule<A>;
  rmmod(module: LoadedModule<A>): void;
}

interface Placing<A extends Address> extends Pick<StackSetup, "farJumps" | "stubMissing"> {
  readonly base: A;
}

interface Dependency<A extends Address> {
  readonly path: string;
  readonly base: A;
  readonly module: LoadedModule<A>;
}

export type AnyStack = ModuleStack<number> | ModuleStack<bigint>;

export function kindFor(file: ModuleFile, kernel: AnyKernel | null): MachineKind {
  const fits = kernel === null || (file.elf.class === 32 && narrowed(kernel) !== null);
  const bits = fits ? file.elf.class : (kernel.bits ?? file.elf.class);
  const endian = kernel?.endian ?? file.elf.endian;
  if (bits === 32) return { bits, endian, pageSize: PAGE_SIZE };
  return {
    bits,
    endian,
    pageSize: pageSizeOf(kernel?.vermagic ?? file.modinfo.get("vermagic") ?? ""),
  };
}

/** An empty machine. @throws Misuse when there is no such machine. */
export async function makeStack(kind: MachineKind, setup: StackSetup): Promise<AnyStack> {
  const { kernel, memory } = setup;
  const { bits, endian, pageSize } = kind;
  if (bits === 64) {
    const own = kernel !== null && isOf64Bits(kernel) ? { kernel } : {};
    const machine = StillMachine.create({ endian, memory, pageSize, ...own });
    return new ModuleStack(kind, setup, machine, address64);
  }
  const narrow = kernel === null ? null : narrowed(kernel);
  const own = narrow === null ? {} : { kernel: narrow };
  const machine = await Machine.create({ endian, memory, ...own });
  return new ModuleStack(kind, setup, machine, address32);
}

export class ModuleStack<A extends Address> {
  readonly #kind: MachineKind;
  readonly #setup: StackSetup;
  readonly #machine: StackMachine<A>;
  readonly #addressOf: (given: Address) => A;
  #loaded: Dependency<A>[] = [];

  constructor(
    kind: MachineKind,
    setup: StackSetup,
    machine: StackMachine<A>,
    addressOf: (given: Address) => A,
  ) {
    this.#kind = kind;
    this.#setup = setup;
    this.#machine = machine;
    this.#addressOf = addressOf;
  }

  /** Whether a module that wants such a machine may be loaded on this one. */
  serves({ bits, endian, pageSize }: MachineKind): boolean {
    const own = this.#kind;
    const same = own.bits === bits && own.endian === endian && own.pageSize === pageSize;
    return same && this.#machine.taints.length === 0;
  }

  /**
   * Loads a module with its dependencies before it, and takes it out again.
   * @param order the dependencies, each behind what it needs itself.
   * @param onLoad told of each module that is loaded now.
   * @throws what insmodFile() throws; after anything but a Refusal, the stack is of no more use.
   */
  load(
    file: ModuleFile,
    order: readonly PlacedFile[],
    given: Address,
    onLoad: (module: LoadedModule<Address>) => void,
  ): LoadedModule<Address> {
    const base = this.#addressOf(given);
    let next = dependencyBase(base);
    for (const [index, wanted] of order.entries()) {
      if (!this.#isAt(index, wanted.path, next)) {
        this.#unload(index);
        this.#loadDependency(wanted, next, onLoad);
      }
      next = this.#after(this.#loaded[index] as Dependency<A>);
    }
    this.#unload(order.length);
    const module = this.#insmod(file, base);
    onLoad(module);
    this.#machine.rmmod(module);
    return module;
  }

  #insmod(file: ModuleFile, base: A): LoadedModule<A> {
    const { farJumps, stubMissing } = this.#setup;
    return this.#machine.insmodFile(file, { farJumps, stubMissing, base });
  }

  #isAt(index: number, path: string, base: A): boolean {
    const there = this.#loaded[index];
    return there !== undefined && there.path === path && there.base === base;
  }

  /** Takes out all but the first so many, the newest first. */
  #unload(kept: number): void {
    for (const { module } of this.#loaded.splice(kept).reverse()) this.#machine.rmmod(module);
  }

  #loadDependency(
    { path, file }: PlacedFile,
    base: A,
    onLoad: (module: LoadedModule<Address>) => void,
  ): void {
    try {
      const module = this.#insmod(file, base);
      this.#loaded.push({ path, base, module });
      onLoad(module);
    } catch (error) {
      throw loadedFirst(path, error);
    }
  }

  /** The first page behind a module's blocks and the page that guards them. */
  #after({ module: { core, init } }: Dependency<A>): A {
    const { pageSize } = this.#kind;
    const initEnd = init.size === 0 ? 0 : distance(core.base, init.base) + init.size;
    const pages = Math.ceil(Math.max(core.size, initEnd) / pageSize) + 1;
    return plus(core.base, pages * pageSize);
  }
}

/** What is wrong with a dependency, said of the module that needs it. */
export function loadedFirst(path: string, error: unknown): unknown {
  const prefix = `${moduleName(path)}, which is loaded first: `;
  if (error instanceof Misuse) return new Misuse(prefix + error.message);
  if (!(error instanceof Refusal)) return error;
  const { errno, dmesg, explanation } = error;
  return new Refusal({ errno, dmesg, explanation: prefix + explanation });
}
