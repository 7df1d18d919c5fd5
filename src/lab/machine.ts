// The machine: a processor with memory, a kernel to import from, and the modules that are loaded. It
// joins the parts and keeps none of their rules: the loader (module/) decides what a load is, the tracer
// (ftrace/) what an event is, call.ts what a call is. One process can have any number of machines.

import { readFileSync } from "node:fs";
import { KSEG0, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { RETURN_HOOK } from "../../assembly/shared/trace-ring.ts";
import { WIDTH_32 } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { RangeAllocator } from "../bytes/ranges.ts";
import { SHN_UNDEF } from "../elf/numbers.ts";
import { type Errno, errnoName, Misuse, Refusal } from "../errors.ts";
import type { FunctionEvent, TraceEvent } from "../ftrace/event.ts";
import type { Traceable } from "../ftrace/filters/function-set.ts";
import { ShadowStack } from "../ftrace/ring/shadow-stack.ts";
import { sitePatch } from "../ftrace/sites/site.ts";
import { symbolTable } from "../ftrace/symbol-table.ts";
import { TRACE_FILES, type TraceFile, traceFile } from "../ftrace/tracefs.ts";
import {
  type GraphEvent,
  type TraceHost,
  type TraceOptions,
  Tracer,
  traceableOf,
} from "../ftrace/tracer.ts";
import { hex } from "../hex.ts";
import { assemble } from "../isa/assemble.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Taints } from "../module/checks/taints.ts";
import { type ModuleFile, readModule } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import type { Export, ModuleHost, Taint } from "../module/host.ts";
import { loadModule, type ModulePlan, planModule } from "../module/load.ts";
import { freeInit, type LoadedModule, unloadModule } from "../module/loaded.ts";
import { argumentText } from "../module/parameters/arguments.ts";
import { checkBudget, DEFAULT_BUDGET } from "../processor/budget.ts";
import type { Engine } from "../processor/engine.ts";
import { GuestMemory } from "../processor/guest-memory.ts";
import type { Processor, Profile } from "../processor/processor.ts";
import { checkFits, readSnapshot, restoreProcessor, saveProcessor } from "../processor/snapshot.ts";
import type { Veneers } from "../trampoline/facts.ts";
import { type Argument, argumentWords } from "./calls/argument.ts";
import { Caller, type CallSetup, RETURN_ADDRESS } from "./calls/call.ts";
import type { CallResult, GuestCall } from "./calls/guest-call.ts";
import { type HostFunction, HostFunctions } from "./calls/host-functions.ts";
import { hostServices } from "./calls/host-services.ts";
import { type CodeOwner, type KernelRange, KernelSpace } from "./kernel-space.ts";
import { LabGraph } from "./lab-graph.ts";
import { Lab, labNames, readLab } from "./lab-kernel.ts";
import { labProcessor } from "./lab-processor.ts";
import { type MachineMaking, readState, writeState } from "./machine-state.ts";
import {
  freeParameters,
  type ParameterHost,
  parameterAdvice,
  setParameters,
} from "./module-parameters.ts";
import { type ModuleSite, moduleSites, sortMcountLoc } from "./module-sites.ts";
import { ModuleSpace } from "./module-space.ts";
import { PrintkLog } from "./printk/log.ts";
import { type ModuleStatus, Resident } from "./resident.ts";
import { type NamedAddress, SymbolIndex } from "./symbol-index.ts";

export interface MachineOptions {
  /** The kernel's byte order, or little. */
  readonly endian?: Endian;
  /** Bytes of guest RAM, a multiple of 64 KiB up to 512 MiB; 64 MiB unless told. */
  readonly memory?: number;
  /** From readKernel(); without it, the built-in lab kernel is what modules import from. */
  readonly kernel?: Kernel;
  /** Instructions a second of virtual time; 100 MHz unless told. Timestamps derive from it. */
  readonly clockHz?: number;
  /** The processor; a 24Kc unless told. A 4Kc is of Release 1 and reserves what Release 2 added. */
  readonly cpu?: Profile;
  /** How instructions are run; `auto` unless told. Results, counts and traces don't depend on it. */
  readonly engine?: Engine;
}

export interface InsmodOptions {
  /** What to call a module whose file says no name. */
  readonly name?: string;
  /** Take a plain .o that Linux would refuse as a module. */
  readonly object?: boolean;
  /** Guest address of the core block, page-aligned; the first free place from 0xc0000000 unless told. */
  readonly base?: number;
  /** Guest address of the init block; above the core block's guard page unless told. */
  readonly initBase?: number;
  /**
   * Where another machine has the module's per-CPU variables: symbols count from there, and this machine
   * has no area for them.
   */
  readonly perCpuBase?: number;
  /** What becomes of a jump that can't reach: a veneer (unless told), or Linux's refusal. */
  readonly farJumps?: "trampoline" | "refuse";
  /** One veneer for all jumps that may share it (unless told), or one for each, as OpenWrt's loader does. */
  readonly veneers?: Veneers;
  /** Give imports that nobody exports a stub, which ends the run with the symbol's name when called. */
  readonly stubMissing?: boolean;
  /** Run the module's init function and free its init memory, as insmod does. */
  readonly init?: boolean;
  /** The module's arguments: insmod's words, or the text that it makes of them, `level=7 label="two words"`. */
  readonly parameters?: string | readonly string[];
}

export interface CallOptions {
  /** Instructions the call may take, everything it calls included; 1,000,000,000 unless told. */
  readonly budget?: number;
}

const DEFAULT_MEMORY = 64 << 20;
const DEFAULT_CLOCK_HZ = 100_000_000;
/** kseg0's first page holds exception vectors; calls return to an address in it. */
const FIRST_FREE = PAGE_SIZE;
/** A thread's stack: more than the kernel's 8 KiB, since a lab tries large frames too. */
const STACK_SIZE = 0x28000;
/** Where the stack is mapped; nothing is mapped below, so running over its end is an exception. */
const STACK_BASE = 0xfffd0000;
/** kmalloc gets this part of RAM, at its end: the rest stays free for modules in kseg0. */
const HEAP_SHARE = 4;

/** Who a function called from the host returns to, in traces. */
const HOST_CALL: NamedAddress = {
  name: "host_call",
  module: null,
  address: RETURN_ADDRESS,
  offset: 0,
  size: 4,
};

/** Where functions return to that function_graph follows, in traces. */
const HOOK: NamedAddress = {
  name: "return_to_handler",
  module: null,
  address: RETURN_HOOK,
  offset: 0,
  size: 4,
};

/** Both as a table. */
const CALLERS = symbolTable(
  null,
  [HOOK, HOST_CALL]
    .map(({ name, address }) => ({ name, address, end: address + 1 }))
    .sort((a, b) => a.address - b.address),
);

export class Machine {
  readonly endian: Endian;
  /** What hangs on its addresses, numbers of 32 bits. */
  readonly width = WIDTH_32;
  readonly clockHz: number;
  /** Guest memory by guest address. */
  readonly memory: GuestMemory;
  /** What guest code printed through _printk and its kin, one record each; the newest 1 MiB at least are kept. */
  readonly log: string[] = [];
  readonly #printk = new PrintkLog(this.log);
  /** The processor, for those who want its registers. */
  readonly core: Processor;
  readonly #physical: RangeAllocator;
  readonly #space: ModuleSpace;
  readonly #functions = new HostFunctions();
  readonly #kernel: KernelSpace;
  readonly #caller: Caller;
  readonly #taints = new Taints();
  readonly #residents: Resident[] = [];
  /** Where printed lines go as well, while a module is set up. */
  #collected: PrintkLog | undefined;
  /** Newest first; those of modules that are gone stay, so that traces keep their names. */
  readonly #indexes: SymbolIndex[] = [];
  readonly #labGraph: LabGraph;
  #tracer: Tracer | undefined;

  /** Makes a machine and puts its kernel into memory. @throws Misuse when the options don't fit. */
  static async create(options: MachineOptions = {}): Promise<Machine> {
    return new Machine(options);
  }

  private constructor(options: MachineOptions) {
    const { kernel = null } = options;
    this.endian = agreedEndian(options.endian, kernel?.endian ?? undefined);
    this.clockHz = options.clockHz ?? DEFAULT_CLOCK_HZ;
    if (!(this.clockHz > 0)) throw new Misuse(`a clock of ${this.clockHz} Hz does not run`);
    this.core = labProcessor(this.endian, options.memory ?? DEFAULT_MEMORY, options.cpu);
    this.core.engine = options.engine ?? "auto";
    this.#physical = new RangeAllocator(FIRST_FREE, this.core.ramSize);
    this.memory = new GuestMemory(this.core, this.#physical);
    this.#space = new ModuleSpace(this.core, this.#physical);
    this.#kernel = new KernelSpace(this.core, this.memory, this.#physical, this.#functions, kernel);
    this.#labGraph = new LabGraph(this.#loadLab(), this.memory);
    this.memory.setU32(RETURN_HOOK, assemble("farjal.trace_return", 0));
    this.#caller = new Caller(this.core, this.memory, this.#functions, this.#makeThread());
  }

  /** Modules loaded now, in the order they came. */
  get modules(): readonly LoadedModule[] {
    return this.#residents.map(({ module }) => module);
  }

  /** The kernel's taints that modules have set, as /proc/sys/kernel/tainted has them. */
  get taints(): readonly Taint[] {
    return this.#taints.all;
  }

  /** Instructions completed since the machine was made. */
  get instructions(): number {
    return this.core.count;
  }

  /**
   * Loads a module as Linux does; its call sites stand switched off afterwards.
   * @param file a path, or the file's bytes.
   * @throws Refusal with the kernel's lines and errno when Linux would not load it.
   */
  async insmod(file: string | Uint8Array, options: InsmodOptions = {}): Promise<LoadedModule> {
    if (typeof file !== "string") return this.insmodFile(readModule(file, options), options);
    const named = { name: moduleName(file), ...options };
    return this.insmodFile(readModule(readFileSync(file), named), options);
  }

  /** The same for a file that readModule() has read. */
  insmodFile(file: ModuleFile, options: InsmodOptions = {}): LoadedModule {
    const host = this.#moduleHost(stubbed(file, options));
    const loaded = loadModule(file, host, { farJumps: "trampoline", ...options });
    const index = new SymbolIndex(loaded);
    let sites: readonly ModuleSite[];
    try {
      sites = moduleSites(loaded, this.memory, index);
    } catch (error) {
      unloadModule(loaded, host, false);
      throw error;
    }
    const resident = new Resident(loaded, sites, this.memory);
    const { module } = resident;
    this.#residents.push(resident);
    this.#indexes.unshift(index);
    sortMcountLoc(module, host);
    for (const { site, loaded } of sites.filter(({ recorded }) => recorded)) {
      this.#writeWords(site.address, sitePatch(site, "off", loaded));
    }
    resident.state = "COMING";
    this.#tracer?.refresh();
    const { parameters } = options;
    if (parameters !== undefined) this.#setParameters(resident, argumentText(parameters));
    if (options.init === true) this.#runInit(resident, host);
    else resident.state = "LIVE";
    return module;
  }

  /** The modules as `lsmod` and /proc/modules list them, newest first. */
  lsmod(): ModuleStatus[] {
    return this.#residents.map((one) => one.status(this.#residents)).reverse();
  }

  /**
   * The far-jump plan that insmod would carry out, without loading anything.
   * @throws Refusal where Linux refuses the module before it relocates.
   */
  plan(file: ModuleFile, options: InsmodOptions = {}): ModulePlan {
    return planModule(file, this.#moduleHost(stubbed(file, options)), options);
  }

  /**
   * What a module would import under a name, and whose code it is: the kernel's, a module's, the lab's,
   * the host's, or a stub's, which ends the run. undefined: nobody exports it.
   */
  importOf(name: string): (Export & { readonly from: CodeOwner | "module" }) | undefined {
    const own = this.#kernel.findExport(name);
    if (own !== undefined) return { ...own, from: this.#kernel.ownerOf(name) };
    const other = this.#moduleExport(name);
    if (other !== undefined) return { ...other, from: "module" };
    const stub = this.#kernel.stubFor(name);
    return stub && { ...stub, from: "stub" };
  }

  /** Where the kernel's memory is: the user's, if there is one, and the lab's. */
  get kernelRanges(): readonly KernelRange[] {
    return this.#kernel.ranges;
  }

  /** The call sites of a loaded module that __mcount_loc has, with the words that relocation left there. */
  callSites(module: LoadedModule): readonly ModuleSite[] {
    const sites = this.#residents.find((one) => one.module === module)?.sites ?? [];
    return sites.filter(({ recorded }) => recorded);
  }

  /**
   * Takes more call sites of a loaded module than Linux would, for tracers and filters: those of a design
   * that a laboratory tries. They are switched off.
   */
  addSites(module: LoadedModule, sites: readonly ModuleSite[]): void {
    const resident = this.#residents.find((one) => one.module === module);
    if (resident === undefined) throw new Misuse(`module ${module.name} isn't loaded`);
    resident.sites = [...resident.sites, ...sites];
    for (const { site, loaded } of sites) {
      this.#writeWords(site.address, sitePatch(site, "off", loaded));
    }
    this.#tracer?.refresh();
  }

  /**
   * Unloads a module as delete_module() does: its exit function runs when its init function has run, and
   * its memory is given back.
   * @param module from insmod(), or its name.
   * @throws Refusal ENOENT when it isn't loaded, EAGAIN (EWOULDBLOCK is the same number) while others use
   *   it, EBUSY when it has an init function that ran and no exit function, or is going already; with errno
   *   null when its exit function does not return, and then it stays as it is, GOING.
   */
  rmmod(module: LoadedModule | string, options: CallOptions = {}): void {
    const resident = this.#residents.find(
      (one) => one.module === module || one.module.name === module,
    );
    const name = typeof module === "string" ? module : module.name;
    const refuse = (errno: Errno | null, explanation: string): Refusal =>
      new Refusal({ errno, dmesg: [], explanation });
    if (resident === undefined) throw refuse("ENOENT", `Module ${name} is not currently loaded`);
    const { users } = resident.status(this.#residents);
    if (users.length > 0) {
      throw refuse("EAGAIN", `Module ${name} is in use by: ${users.join(" ")}; unload that first`);
    }
    if (resident.state !== "LIVE") {
      throw refuse("EBUSY", `module ${name} is ${resident.state}, and only a LIVE one can go`);
    }
    const { initFunction, exitFunction } = resident.module;
    if (resident.initRan && initFunction !== null && exitFunction === null) {
      throw refuse("EBUSY", `module ${name} has an init function and no exit function: it stays`);
    }
    resident.state = "GOING";
    if (resident.initRan && exitFunction !== null) {
      const { exception } = this.call(exitFunction, [], options);
      if (exception !== undefined) {
        throw refuse(null, `${name}'s exit function did not return: ${exception.message}`);
      }
    }
    this.#remove(resident);
  }

  /**
   * Puts a host function behind a kernel symbol, whatever code was there. For a symbol that the kernel
   * lacks, modules loaded afterwards find it.
   */
  provide(name: string, run: HostFunction): void {
    this.#kernel.provide(name, run);
  }

  /**
   * Calls guest code.
   * @param target a function's name (the newest module's first, the kernel's last) or its address.
   * @param args as o32 passes them; strings and bytes are put into guest memory during the call.
   * @throws Misuse when no function has the name.
   */
  call(
    target: string | number,
    args: readonly Argument[] = [],
    options: CallOptions = {},
  ): CallResult {
    const { address, budget } = this.#callee(target, options);
    const placed: number[] = [];
    try {
      const words = argumentWords(args, this.endian === "little", (bytes) => {
        const at = this.memory.alloc(bytes.length);
        placed.push(at);
        this.memory.write(at, bytes);
        return at;
      });
      return this.#caller.call(address, words, budget);
    } finally {
      for (const at of placed) this.memory.free(at);
    }
  }

  /**
   * Enters a call without running it: `advance()` runs it, in pieces if wanted, until it has returned or
   * can't go on, and `close()` leaves it. `new Debugger(call)` adds breakpoints and more.
   * @param args words and double words; what goes by address is put into memory with `memory.alloc()`.
   * @throws Misuse when no function has the name, or a call is open already.
   */
  start(
    target: string | number,
    args: readonly (number | bigint)[] = [],
    options: CallOptions = {},
  ): GuestCall {
    if (this.#caller.depth > 0) throw new Misuse("a call is open; close() it first");
    const { address, budget } = this.#callee(target, options);
    const words = argumentWords(args, this.endian === "little", () => 0);
    return this.#caller.start(address, words, budget);
  }

  /** The address of a symbol: the newest module's first, the kernel's last. */
  addressOf(name: string): number | undefined {
    for (const { module, initFreed } of this.#residents.toReversed()) {
      const symbol = module.symbols.find(
        (one) => one.name === name && !(initFreed && one.section.block === "init"),
      );
      if (symbol !== undefined) return symbol.address;
    }
    return this.#kernel.addressOf(name);
  }

  /** The symbol that holds an address. */
  symbolAt(address: number): NamedAddress | undefined {
    if (address === RETURN_ADDRESS) return HOST_CALL;
    if (address === RETURN_HOOK) return HOOK;
    for (const index of this.#indexes) {
      const found = index.at(address);
      if (found !== undefined) return found;
    }
    const own = this.#kernel.nameAt(address);
    if (own === undefined) return undefined;
    const { name, offset, size } = own;
    return { name, module: null, address: address - offset, offset, size: size ?? 0 };
  }

  /**
   * Starts a tracer, `function` unless told. One runs at a time, as on a real kernel.
   * @throws Misuse when one is running, or a filter matches nothing.
   */
  trace(options: TraceOptions & { readonly tracer: "function_graph" }): Tracer<GraphEvent>;
  trace(options?: TraceOptions & { readonly tracer?: "function" }): Tracer<FunctionEvent>;
  trace(options: TraceOptions): Tracer;
  trace(options: TraceOptions = {}): Tracer<TraceEvent> {
    if (this.#tracer?.running) throw new Misuse("a tracer is running; stop() it first");
    this.#tracer = new Tracer(this.#traceHost(), options);
    this.#tracer.start();
    return this.#tracer;
  }

  /** The functions that can be traced, in the order that a filter's numbers count. */
  get traceable(): Traceable {
    const host = this.#traceHost();
    return traceableOf(host.sites(), host.moduleNames());
  }

  /**
   * What a file of tracefs shows, as `cat /sys/kernel/tracing/NAME` would.
   * @throws Misuse when farjal has no text for it.
   */
  tracefs(name: TraceFile): string {
    if (!TRACE_FILES.includes(name)) {
      throw new Misuse(`there is no trace file '${name}'; take ${TRACE_FILES.join(", ")}`);
    }
    const { traceable } = this;
    const now = Math.floor((this.core.count * 1e6) / this.clockHz);
    return [...traceFile(name, { traceable, tracer: this.#tracer, now })].join("");
  }

  /**
   * The machine's state as bytes: the processor's, and of the host what restore() puts back (memory in
   * use, the log, the open call). Breakpoints are the debugger's and not in it.
   * @throws Misuse while a host function runs.
   */
  save(): Uint8Array {
    this.#requireStillness();
    const note = writeState(this.#making(), {
      physical: this.#physical.used,
      log: this.log,
      call: this.#caller.state,
    });
    return saveProcessor(this.core, note);
  }

  /**
   * Puts back what save() gave, in this machine or in one made by the same steps, in any process. Calls
   * that are open now are over; host memory that was allocated since is free again.
   * @param options the budget that the open call gets from here on; unless told, what it had left.
   * @returns the call that was open when the machine was saved, or null.
   * @throws Misuse, with nothing changed, for a snapshot that is damaged or of another kind of machine, and
   *   as save() does.
   */
  restore(bytes: Uint8Array, options: CallOptions = {}): GuestCall | null {
    this.#requireStillness();
    if (options.budget !== undefined) checkBudget(options.budget);
    const snapshot = readSnapshot(bytes);
    checkFits(this.core, snapshot);
    const { physical, log, call } = readState(snapshot.note, this.#making());
    const before = [...this.#physical.used];
    if ((call !== null && !this.#caller.fits(call)) || !this.#physical.replace(physical)) {
      throw new Misuse("the snapshot is damaged: what it says of the machine can't be");
    }
    try {
      restoreProcessor(this.core, snapshot);
    } catch (error) {
      this.#physical.replace(before);
      throw error;
    }
    this.#printk.replace(log);
    this.#tracer?.restored();
    return this.#caller.restore(call, options.budget);
  }

  /**
   * An address with what %pS prints of it: `0x… (name+0xoffset/0xsize [module])`; in freed init memory it
   * says whose that was.
   */
  describe(address: number): string {
    if (this.symbolAt(address) === undefined) return hex(address);
    const late = this.#residents.find((one) => one.hadInInit(address));
    const freed =
      late === undefined || this.memory.mapped(address, 4)
        ? ""
        : ` in init memory of ${late.module.name}, freed when its init function had returned`;
    return `${hex(address)} (${this.#symbolText(address, true)})${freed}`;
  }

  #requireStillness(): void {
    if (!this.#caller.still) {
      throw new Misuse("a machine can't be saved or restored by a host function that it runs");
    }
  }

  #making(): MachineMaking {
    return {
      clockHz: this.clockHz,
      kernel: this.#kernel.digest,
      functions: this.#functions.names,
      stubs: this.#kernel.stubs,
      modules: this.#residents.map(({ module: { name, core, init }, initFreed }) => ({
        name,
        core: [core.base, core.size],
        init: [init.base, init.size],
        initFreed,
      })),
      traced: this.#tracer?.sitesOn ?? [],
    };
  }

  #callee(target: string | number, options: CallOptions): { address: number; budget: number } {
    const budget = options.budget ?? DEFAULT_BUDGET;
    checkBudget(budget);
    const address = typeof target === "number" ? target : this.addressOf(target);
    if (address === undefined) throw new Misuse(`no loaded module and no kernel has '${target}'`);
    return { address, budget };
  }

  #loadLab(): Lab {
    const file = readLab(this.endian);
    const services = hostServices({
      log: (text) => this.#print(text),
      now: () => (BigInt(this.core.count) * 1_000_000_000n) / BigInt(this.clockHz),
      littleEndian: this.endian === "little",
      symbolText: (address, withOffset) => this.#symbolText(address, withOffset),
    });
    for (const name of labNames(file, ".lab_hypercalls")) {
      const service = services[name];
      if (service === undefined) throw new Misuse(`the lab kernel asks for a service '${name}'`);
      this.#functions.provide(name, service);
    }
    const base = this.#kernel.mapImage();
    const host: ModuleHost = { ...this.#moduleHost(), findExport: () => undefined };
    const module = loadModule(file, host, { base, farJumps: "refuse" });
    freeInit(module, host);
    const lab = new Lab(file, module, this.memory);
    this.#kernel.attach(lab);
    this.#kernel.enableDynamicFtrace();
    const heapSize = Math.floor(this.core.ramSize / HEAP_SHARE);
    const heap = KSEG0 + this.core.ramSize - heapSize;
    if (!this.#physical.reserve(heap - KSEG0, heapSize)) {
      throw new Misuse(`${this.core.ramSize >>> 20} MiB of guest memory leave no room for a heap`);
    }
    this.memory.setU32(lab.require("lab_heap_start"), heap);
    this.memory.setU32(lab.require("lab_heap_end"), heap + heapSize);
    return lab;
  }

  #print(text: string): number {
    this.#collected?.store(text);
    return this.#printk.store(text);
  }

  /** A stack and a thread_info, both zeroed, for calls from the host. */
  #makeThread(): CallSetup {
    const physical = this.#physical.allocate(STACK_SIZE, PAGE_SIZE);
    if (physical === undefined) throw new Misuse("the guest's memory has no room for a stack");
    this.core.mapPages(STACK_BASE, physical, STACK_SIZE, true);
    return {
      stackTop: STACK_BASE + STACK_SIZE,
      threadInfo: this.memory.alloc(PAGE_SIZE),
      shadows: [new ShadowStack(this.core.words), this.#labGraph],
      describe: (address) => this.describe(address),
      nameOf: (address) => this.#shortName(address),
    };
  }

  /** parse_args() of a COMING module; one that it refuses is freed. */
  #setParameters(resident: Resident, text: string): void {
    const { module } = resident;
    const outcome = this.#freeUnless(resident, () => {
      const lines: string[] = [];
      try {
        return this.#collecting(lines, () =>
          setParameters(
            module,
            text,
            this.#parameterHost((line) => lines.push(line)),
          ),
        );
      } finally {
        for (const line of lines) resident.print(line);
      }
    });
    resident.arguments = outcome.memory;
    if (outcome.error === 0) return;
    this.#leave(resident);
    throw new Refusal({
      errno: errnoName(outcome.error),
      dmesg: [...module.dmesg],
      explanation: parameterAdvice(module.file),
    });
  }

  #parameterHost(print: (line: string) => void): ParameterHost {
    return {
      memory: this.memory,
      call: (address, args) => this.call(address, args),
      callKernel: (name, args) => {
        const address = this.#kernel.addressOf(name);
        if (address !== undefined) this.call(address, args);
      },
      print,
      taintUser: () => void this.#taints.add("USER"),
    };
  }

  /** do_init_module(). */
  #runInit(resident: Resident, host: ModuleHost): void {
    const { module } = resident;
    const { initFunction, name } = module;
    if (initFunction !== null) {
      const lines: string[] = [];
      const { v0, exception } = this.#freeUnless(resident, () =>
        this.#collecting(lines, () => this.call(initFunction)),
      );
      const result = v0 | 0;
      if (exception !== undefined || result < 0) {
        const errno = exception === undefined ? errnoName(-result) : null;
        this.#leave(resident);
        throw new Refusal({
          errno,
          dmesg: [...module.dmesg, ...lines],
          explanation:
            exception === undefined
              ? `${name}'s init function returned ${result}${errno === null ? "" : ` (${errno})`}`
              : `${name}'s init function did not return: ${exception.message}`,
        });
      }
      for (const line of lines) resident.print(line);
      resident.initRan = true;
      if (result > 0) {
        resident.print(
          `do_init_module: '${name}'->init suspiciously returned ${result}, it should follow 0/-E convention`,
        );
        resident.print("do_init_module: loading module anyway...");
      }
    }
    resident.state = "LIVE";
    resident.initFreed = true;
    freeInit(module, host);
    this.#tracer?.refresh();
  }

  /** Keeps what guest code prints meanwhile, beside the log. */
  #collecting<T>(lines: string[], work: () => T): T {
    const outer = this.#collected;
    this.#collected = new PrintkLog(lines);
    try {
      return work();
    } finally {
      this.#collected = outer;
    }
  }

  #freeUnless<T>(resident: Resident, work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#leave(resident);
      throw error;
    }
  }

  /** What becomes of a COMING module that can't stay: GOING, then nothing, its exit function not run. */
  #leave(resident: Resident): void {
    resident.state = "GOING";
    this.#remove(resident);
  }

  /** free_module(). */
  #remove(resident: Resident): void {
    freeParameters(
      resident.module,
      this.#parameterHost(() => {}),
    );
    this.#residents.splice(this.#residents.indexOf(resident), 1);
    unloadModule(resident.module, this.#moduleHost(), resident.initFreed);
    for (const address of resident.arguments) this.memory.free(address);
    this.#tracer?.refresh();
  }

  /** @param stubs names that get a stub when nobody exports them. */
  #moduleHost(stubs: ReadonlySet<string> = new Set()): ModuleHost {
    const missing = (name: string): Export | undefined =>
      stubs.has(name) ? this.#kernel.stub(name) : undefined;
    return {
      endian: this.endian,
      width: WIDTH_32,
      pageSize: PAGE_SIZE,
      vermagic: this.#kernel.vermagic,
      findExport: (name) =>
        this.#kernel.findExport(name) ?? this.#moduleExport(name) ?? missing(name),
      whyMissing: (names) => this.#kernel.whyMissing(names),
      isLoaded: (name) => this.modules.some((module) => module.name === name),
      taint: (taint) => this.#taints.add(taint),
      debugLocksOff: () => this.#taints.debugLocksOff(),
      allocate: (request) => this.#space.allocate(request),
      free: (block) => this.#space.free(block),
      allocatePerCpu: (size, alignment) => this.memory.alloc(size, alignment),
      freePerCpu: (address) => this.memory.free(address),
      read: (address, size) =>
        this.memory.mapped(address, size) ? this.memory.read(address, size) : undefined,
      write: (address, bytes) => this.memory.write(address, bytes),
      relocate: (section) => this.#space.relocate(section),
    };
  }

  #moduleExport(name: string): Export | undefined {
    for (const module of this.modules) {
      const found = module.exports.find((one) => one.name === name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #traceHost(): TraceHost {
    return {
      buffer: this.core.bytes.buffer,
      clockHz: this.clockHz,
      sites: () =>
        this.#residents.flatMap(({ sites, initFreed }) =>
          sites.filter(({ block }) => !(initFreed && block === "init")),
        ),
      moduleNames: () => this.modules.map(({ name }) => name),
      blockStarts: () => this.modules.flatMap(({ core, init }) => [core.base, init.base]),
      writeCode: (address, words) => this.#writeWords(address, words),
      setMcountCalls: (tracer) => this.#kernel.setMcountCalls(tracer),
      guestGraph: this.#labGraph,
      symbolAt: (address) => this.symbolAt(address),
      symbolTables: () => [
        CALLERS,
        ...this.#indexes.map(({ table }) => table),
        ...this.#kernel.symbolTables,
      ],
      isAt: (address) => this.core.pc === address,
      pauseEvery: (every, work) => {
        const pause = { every, work };
        this.#caller.pauses.add(pause, this.core.count);
        return () => this.#caller.pauses.delete(pause);
      },
    };
  }

  #writeWords(address: number, words: readonly number[]): void {
    words.forEach((word, index) => {
      this.memory.setU32(address + 4 * index, word);
    });
  }

  /** `name+0xoffset`, or null where no symbol is. */
  #shortName(address: number): string | null {
    const symbol = this.symbolAt(address);
    return symbol === undefined ? null : `${symbol.name}+0x${symbol.offset.toString(16)}`;
  }

  #symbolText(address: number, withOffset: boolean): string {
    const symbol = this.symbolAt(address);
    if (symbol === undefined) return hex(address);
    const module = symbol.module === null ? "" : ` [${symbol.module}]`;
    const { name, offset, size } = symbol;
    const where = withOffset ? `+0x${offset.toString(16)}/0x${size.toString(16)}` : "";
    return `${name}${where}${module}`;
  }
}

/** What `stubMissing` may give a stub: the file's imports, and not the names it exports itself. */
function stubbed(file: ModuleFile, { stubMissing }: InsmodOptions): Set<string> {
  const imports = file.elf.symbols.filter(
    ({ section, index }) => section === SHN_UNDEF && index > 0,
  );
  return new Set(stubMissing === true ? imports.map(({ name }) => name) : []);
}

function agreedEndian(asked: Endian | undefined, kernel: Endian | undefined): Endian {
  if (asked !== undefined && kernel !== undefined && asked !== kernel) {
    throw new Misuse(`the kernel is ${kernel}-endian, the machine was asked to be ${asked}-endian`);
  }
  return asked ?? kernel ?? "little";
}
