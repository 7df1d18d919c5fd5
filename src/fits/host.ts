// The machine that the loader's checks see when a module is judged. There is no memory: nothing is loaded. `strict` is
// the kernel as it is, for one check at a time. `lenient` exports every name and accepts every module, so that planning
// the module finds its far jumps, and errors of the file itself, whatever else doesn't fit.

import { type Address, plus, type Width } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { alignUp } from "../bytes/ranges.ts";
import type {
  Export,
  MemoryBlock,
  MemoryRequest,
  ModuleHost,
  RelocationOutcome,
} from "../module/host.ts";
import type { Target } from "./target.ts";

const PAGE = 0x1000;
/** The kernel's text is in kseg0 (CKSEG0 on 64 bits). */
const KSEG0 = 0x8000_0000 | 0;

export interface HostFacts<A extends Address> {
  readonly endian: Endian;
  readonly width: Width<A>;
  readonly target: Target;
  /** The name of the module that is judged. */
  readonly user: string;
  /** Where modules are loaded. */
  readonly base: A;
}

abstract class JudgingHost<A extends Address> implements ModuleHost<A> {
  readonly endian: Endian;
  readonly width: Width<A>;
  readonly pageSize = PAGE;
  abstract readonly vermagic: string | null;
  protected readonly facts: HostFacts<A>;
  #next: A;

  constructor(facts: HostFacts<A>) {
    this.endian = facts.endian;
    this.width = facts.width;
    this.facts = facts;
    this.#next = facts.base;
  }

  abstract findExport(name: string): Export<A> | undefined;

  /** An export's address; a name without one is in the kernel, a module's export among the modules. */
  protected addressOf(name: string): A {
    const found = this.facts.target.findExport(name, this.facts.user);
    if (found?.address != null) return this.width.of(found.address);
    return found?.owner != null ? this.facts.base : this.width.of(KSEG0);
  }

  whyMissing(names: readonly string[]): string {
    return names.map((name) => this.facts.target.kernel.whyMissing(name)).join("; ");
  }

  isLoaded(): boolean {
    return false;
  }

  taint(): boolean {
    return true;
  }

  isTainted(): boolean {
    return false;
  }

  abstract readonly structModuleSize: number | null;

  isFirst(): boolean {
    return true;
  }

  debugLocksOff(): boolean {
    return true;
  }

  /** Hands out addresses one after the other. */
  allocate({ size, base = this.#next }: MemoryRequest<A>): MemoryBlock<A> {
    this.#next = plus(base, alignUp(size, PAGE) + PAGE);
    return { base, size };
  }

  /** A module's blocks are all freed together: the next ones begin where they began. */
  free(): void {
    this.#next = this.facts.base;
  }

  allocatePerCpu(): A {
    return this.width.of(KSEG0);
  }

  freePerCpu(): void {
    // Nothing was allocated.
  }

  read(): Uint8Array | undefined {
    return undefined;
  }

  write(): void {
    throw new Error("a module that is judged is not loaded");
  }

  relocate(): RelocationOutcome {
    throw new Error("a module that is judged is not loaded");
  }
}

export class StrictHost<A extends Address> extends JudgingHost<A> {
  get structModuleSize(): number | null {
    return this.facts.target.shapeFor(this.facts.user)?.size ?? null;
  }

  get vermagic(): string | null {
    return this.facts.target.vermagic;
  }

  findExport(name: string): Export<A> | undefined {
    const found = this.facts.target.findExport(name, this.facts.user);
    return found && { ...found, address: this.addressOf(name) };
  }
}

export class LenientHost<A extends Address> extends JudgingHost<A> {
  readonly structModuleSize = null;
  readonly vermagic = null;
  /** The module's own exports: only what the module imports is asked for. */
  findExport(name: string): Export<A> {
    const address = this.addressOf(name);
    return { name, address, crc: null, gpl: false, namespace: null, owner: null };
  }
}
