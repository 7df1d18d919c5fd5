// The WebAssembly core: one shared memory and the current instance that works on it. All state is in the memory, so
// an instance can be replaced between two runs; the translator requests this when it drops all translated code. This
// class is the only owner of the current instance. No other code keeps an instance or one of its functions across a
// run: each entry reads `exports` again.

import { instantiateSync } from "@assemblyscript/loader";
import { host } from "#host";
import { SLOTS } from "../../assembly/shared/translated-code.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import type { Linked } from "../translate/translator.ts";
import { type DeviceImports, type DeviceSpace, deviceImports, NO_DEVICES } from "./devices.ts";
import { Marks } from "./marks.ts";

/** The core's exports. Results that are addresses or registers are signed numbers. */
export interface CoreExports {
  [name: string]: unknown;
  start(): void;
  reset(ramSize: number, profile: number, tlbEntries: number): void;
  run(): number;
  runExactly(): number;
  mapPages(va: number, physical: number, size: number, writable: boolean): void;
  unmapPages(va: number, size: number): void;
  probe(va: number, write: boolean): number;
  ramAt(physical: number): number;
  getCp0(register: number): number;
  setCp0(register: number, value: number): void;
  setInterrupts(lines: number): void;
  skip(instructions: number): void;
  unwatch(): void;
  watch(length: number): void;
  markPage(address: number): void;
  markPhysical(physical: number): void;
  emit(word: number, pc: number): number;
  emitLeave(): void;
  relocate: Relocate<number>;
  relocate64: Relocate<bigint>;
  finishSection(): number;
}

/** relocate() with addresses of one width. */
type Relocate<A> = (
  sectionAddress: A,
  sectionPhysical: number,
  sectionSize: number,
  symbolCount: number,
  entryCount: number,
  first: number,
) => number;

/** The core's functions that relocate, and the memory they work in. */
export interface Relocator extends Pick<CoreExports, "relocate" | "relocate64" | "finishSection"> {
  readonly memory: WebAssembly.Memory;
}

/** The functions that the core calls. */
interface HostImports extends DeviceImports {
  markReached(address: number): void;
}

interface Instance {
  readonly exports: CoreExports;
  readonly linked: Linked;
}

const compiled = new Map<Endian, WebAssembly.Module>();

/** The core of a byte order, compiled once in a process. */
function compiledCore(endian: Endian): WebAssembly.Module {
  const known = compiled.get(endian);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(host.resource(`${endian}.wasm`));
  compiled.set(endian, module);
  return module;
}

/**
 * The shared memory. V8 reserves 8 to 10 GiB of addresses for each, whatever its size, so that it needs no bounds
 * checks; with Node's --disable-wasm-trap-handler it reserves the size alone.
 * @throws Misuse when the system has no room for it.
 */
function sharedMemory(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Misuse(
      `the system has no room for a machine's memory of ${pages / 16} MiB: Node reserves 10 GiB of addresses for ` +
        "each machine (ulimit -v, containers); node --disable-wasm-trap-handler reserves the memory alone",
    );
  }
}

/** An instance over the memory, with a function table of its own. */
function instantiate(endian: Endian, memory: WebAssembly.Memory, imports: HostImports): Instance {
  const table = new WebAssembly.Table({ initial: SLOTS, element: "anyfunc" });
  const { exports, instance } = instantiateSync<CoreExports>(compiledCore(endian), {
    env: { memory, table, ...imports },
  });
  // Other modules can only import WebAssembly's own function, not the loader's wrapper.
  const functions = instance.exports as unknown as Omit<Linked, "table">;
  return { exports, linked: { ...functions, table } };
}

export class WasmCore {
  readonly memory: WebAssembly.Memory;
  /** The devices past RAM. */
  devices: DeviceSpace = NO_DEVICES;
  readonly #endian: Endian;
  /** Where jumps led to marked addresses. */
  readonly marks: Marks;
  readonly #imports: HostImports;
  #instance: Instance;

  /** @param pages of WebAssembly, 64 KiB each. */
  constructor(endian: Endian, pages: number) {
    this.memory = sharedMemory(pages);
    this.#endian = endian;
    const words = new Uint32Array(this.buffer);
    this.marks = new Marks(words);
    this.#imports = {
      ...deviceImports(() => this.devices, words),
      markReached: (address) => this.marks.arrive(address >>> 0),
    };
    this.#instance = this.#instantiated();
    this.exports.start();
  }

  get buffer(): SharedArrayBuffer {
    return this.memory.buffer as SharedArrayBuffer;
  }

  /** The current instance's exports; use them at once and don't keep them. */
  get exports(): CoreExports {
    return this.#instance.exports;
  }

  /** The functions that translated code imports from the current instance. */
  get linked(): Linked {
    return this.#instance.linked;
  }

  /** Replaces the current instance by a new one with an empty function table. */
  renew(): void {
    this.#instance = this.#instantiated();
  }

  #instantiated(): Instance {
    return instantiate(this.#endian, this.memory, this.#imports);
  }

  get relocator(): Relocator {
    const { relocate, relocate64, finishSection } = this.exports;
    return { memory: this.memory, relocate, relocate64, finishSection };
  }
}
