// The machine that a sweep loads modules on, one after the other: exactly the module's dependencies below it, at
// addresses determined by their order. A refused module leaves nothing behind except the kernel's taints. Since each
// taint is printed only once, a machine that has one is not used again.

import type { Address } from "../address.ts";
import { type AnyKernel, isOf64Bits, narrowed } from "../kernel/kernel.ts";
import type { RuleChoice } from "../kernel/rules/profile.ts";
import {
  type MachineKind,
  type ModuleMachine,
  makeMachine,
  makeStillMachine,
} from "../lab/module-machine.ts";
import { dependencyBase, ModuleStack, type OnLoad, type StackedFile } from "../lab/module-stack.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { address32, address64 } from "./module-address.ts";

export interface StackSetup {
  readonly kernel: AnyKernel | null;
  readonly farJumps: "refuse" | "trampoline";
  readonly stubMissing: boolean;
  /** The kernel's rules; null: the kernel's own, or each module's. */
  readonly rules: RuleChoice | null;
  /** sizeof(struct module) of the kernel; null: that of the first module of each stack. */
  readonly structModuleSize: number | null;
  /** Bytes of guest RAM. */
  readonly memory: number;
}

export type AnySweepStack = SweepStack<number> | SweepStack<bigint>;

/** Makes an empty machine. @throws Misuse when the machine can't be made. */
export async function makeStack(kind: MachineKind, setup: StackSetup): Promise<AnySweepStack> {
  const { kernel, memory } = setup;
  const rules = setup.rules ?? undefined;
  const structModuleSize = setup.structModuleSize ?? undefined;
  if (kind.bits === 64) {
    const own = kernel !== null && isOf64Bits(kernel) ? kernel : null;
    const machine = makeStillMachine(kind, { kernel: own, memory, rules, structModuleSize });
    return new SweepStack(kind, setup, machine, address64);
  }
  const own = kernel === null ? null : narrowed(kernel);
  const machine = await makeMachine(kind, { kernel: own, memory, rules, structModuleSize });
  return new SweepStack(kind, setup, machine, address32);
}

export class SweepStack<A extends Address> {
  readonly #kind: MachineKind;
  readonly #setup: StackSetup;
  readonly #machine: ModuleMachine<A>;
  readonly #addressOf: (given: Address) => A;
  readonly #stack: ModuleStack<A>;

  constructor(
    kind: MachineKind,
    setup: StackSetup,
    machine: ModuleMachine<A>,
    addressOf: (given: Address) => A,
  ) {
    const { farJumps, stubMissing } = setup;
    this.#kind = kind;
    this.#setup = setup;
    this.#machine = machine;
    this.#addressOf = addressOf;
    this.#stack = new ModuleStack<A>(machine, { farJumps, stubMissing });
  }

  /** Whether a module that needs this kind of machine may be loaded on this one. */
  serves({ bits, endian, pageSize }: MachineKind): boolean {
    const own = this.#kind;
    const same = own.bits === bits && own.endian === endian && own.pageSize === pageSize;
    return same && this.#machine.taints.length === 0;
  }

  /**
   * Loads a module after its dependencies, and unloads all of them again.
   * @param order the dependencies, each after its own dependencies.
   * @throws what insmodFile() throws; after anything but a Refusal, the stack must not be used again.
   */
  load(
    file: ModuleFile,
    order: readonly StackedFile[],
    given: Address,
    onLoad: OnLoad,
  ): LoadedModule<Address> {
    const base = this.#addressOf(given);
    this.#stack.arrange(order, dependencyBase(base), onLoad);
    const { farJumps, stubMissing } = this.#setup;
    const module = this.#machine.insmodFile(file, { farJumps, stubMissing, base });
    onLoad(module);
    this.#machine.rmmod(module);
    return module;
  }
}
