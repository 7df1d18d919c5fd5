// The machine: a processor with memory, a kernel to import from, and the loaded modules. This file connects the parts
// and contains none of their rules: module-table.ts holds the modules, module-lifecycle.ts runs their init and exit
// functions, kernel-space.ts holds the kernel, names.ts maps addresses to symbols, calls/ runs calls, ftrace/ records
// events. One process can have any number of machines.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { RETURN_HOOK } from "../../assembly/shared/trace-ring.ts";
import { WIDTH_32 } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { RangeAllocator } from "../bytes/ranges.ts";
import type { StructType as CStruct } from "../dwarf/types.ts";
import { Misuse } from "../errors.ts";
import type { FunctionEvent, TraceEvent } from "../ftrace/event.ts";
import type { Traceable } from "../ftrace/filters/function-set.ts";
import { traceableOf } from "../ftrace/filters/trace-filters.ts";
import { ShadowStack } from "../ftrace/ring/shadow-stack.ts";
import type { NamedAddress } from "../ftrace/symbol-table.ts";
import type { TraceHost } from "../ftrace/trace-host.ts";
import { TRACE_FILES, type TraceFile, traceFile } from "../ftrace/tracefs.ts";
import { type GraphEvent, TRACE_OPTIONS, type TraceOptions, Tracer } from "../ftrace/tracer.ts";
import { hex } from "../hex.ts";
import { prepareResources } from "../host/prepare.ts";
import { assemble } from "../isa/assemble.ts";
import type { KernelProfile } from "../kernel/rules/profile.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { openModule } from "../module/file/source.ts";
import type { Taint } from "../module/host.ts";
import type { ModulePlan } from "../module/load.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { didYouMean } from "../near-names.ts";
import { checkOptions } from "../options.ts";
import { checkBudget, DEFAULT_BUDGET } from "../processor/budget.ts";
import { GuestMemory } from "../processor/guest-memory.ts";
import type { Processor } from "../processor/processor.ts";
import { checkFits, readSnapshot, restoreProcessor, saveProcessor } from "../processor/snapshot.ts";
import { isInitBlock } from "../trampoline/facts.ts";
import { type Argument, argumentWords } from "./calls/argument.ts";
import { Caller, type CallSetup } from "./calls/call.ts";
import type { GuestCall } from "./calls/guest-call.ts";
import { type HostFunction, HostFunctions } from "./calls/host-functions.ts";
import { type CallOutcome, type CallResult, CallStopped } from "./calls/outcome.ts";
import { CodeCounts, type ExecutedCode } from "./code-counts.ts";
import { KernelFtrace } from "./kernel-ftrace.ts";
import { type KernelRange, KernelSpace } from "./kernel-space.ts";
import { bootLab } from "./lab-boot.ts";
import { LabGraph } from "./lab-graph.ts";
import { labProcessor } from "./lab-processor.ts";
import {
  agreedEndian,
  BUDGET_OPTIONS,
  type BudgetOptions,
  CALL_OPTIONS,
  type CallOptions,
  DEFAULT_CLOCK_HZ,
  DEFAULT_MEMORY,
  INSMOD_OPTIONS,
  type InsmodOptions,
  MACHINE_OPTIONS,
  type MachineOptions,
  PROVIDE_OPTIONS,
  type ProvideOptions,
  START_OPTIONS,
  type StartOptions,
} from "./machine-options.ts";
import { type MachineMaking, readState, writeState } from "./machine-state.ts";
import { ModuleLifecycle } from "./module-lifecycle.ts";
import { type ModuleSite, moduleSites } from "./module-sites.ts";
import { ModuleSpace } from "./module-space.ts";
import { type Import, ModuleTable } from "./module-table.ts";
import { Names } from "./names.ts";
import { PrintedLog } from "./printed-log.ts";
import type { ModuleStatus } from "./resident.ts";
import { isDebugType, memoryStruct } from "./structs/debug-type.ts";
import { type Layout, structType } from "./structs/layout.ts";
import { Struct } from "./structs/struct.ts";

/** kseg0's first page holds exception vectors; calls return to an address in it. */
const FIRST_FREE = PAGE_SIZE;
const NANOSECONDS = 1_000_000_000n;
/** A thread's stack, larger than the kernel's 8 KiB so that functions with large frames can be tried. */
const STACK_SIZE = 0x28000;
/** Address of the stack. Nothing is mapped below it, so a stack overflow raises an exception. */
const STACK_BASE = 0xfffd0000;
export class Machine {
  readonly endian: Endian;
  /** The address width: 32 bits. */
  readonly width = WIDTH_32;
  readonly pageSize = PAGE_SIZE;
  readonly clockHz: number;
  /** Guest memory by guest address. */
  readonly memory: GuestMemory;
  /** The processor, for its registers. */
  readonly processor: Processor;
  readonly #log = new PrintedLog();
  readonly #physical: RangeAllocator;
  readonly #functions = new HostFunctions();
  readonly #kernel: KernelSpace;
  readonly #kernelFtrace: KernelFtrace;
  readonly #table: ModuleTable<number, ModuleSite>;
  readonly #names: Names;
  readonly #lifecycle: ModuleLifecycle;
  readonly #caller: Caller;
  readonly #labGraph: LabGraph;
  readonly #codeCounts: CodeCounts;
  #tracer: Tracer | undefined;

  /** Makes a machine and puts its kernel into memory. @throws Misuse when the options don't fit. */
  static async create(options: MachineOptions = {}): Promise<Machine> {
    checkOptions("Machine.create()", options, MACHINE_OPTIONS);
    if (typeof options.kernel === "string") {
      throw new Misuse("a kernel's file is read first: kernel: await readKernel(path)");
    }
    const endian = options.endian ?? options.kernel?.endian ?? "little";
    await prepareResources(`${endian}.wasm`, `lab-${endian}.o`);
    return new Machine(options);
  }

  private constructor(options: MachineOptions) {
    const { kernel = null } = options;
    this.endian = agreedEndian(options.endian, kernel?.endian);
    this.clockHz = options.clockHz ?? DEFAULT_CLOCK_HZ;
    if (!(Number.isSafeInteger(this.clockHz) && this.clockHz > 0)) {
      throw new Misuse(`a clock runs at a whole number of Hz, at least 1, not at ${this.clockHz}`);
    }
    const processor = labProcessor(this.endian, options.memory ?? DEFAULT_MEMORY, options.cpu);
    processor.engine = options.engine ?? "auto";
    const physical = new RangeAllocator(FIRST_FREE, processor.ramSize);
    const memory = new GuestMemory(processor, physical);
    this.processor = processor;
    this.memory = memory;
    this.#physical = physical;
    this.#kernel = new KernelSpace(processor, memory, physical, this.#functions, kernel);
    this.#table = new ModuleTable<number, ModuleSite>({
      memory: new ModuleSpace(processor, memory, physical),
      kernel: this.#kernel,
      words: kernel,
      choice: options.rules,
      structModuleSize: options.structModuleSize,
      sitesOf: (module) => moduleSites(module, memory, this.#names.of(module)),
      isAt: (address) => processor.pc === address,
      freeing: (module, initOnly) => this.#codeCounts.freeing(module, initOnly),
    });
    this.#codeCounts = new CodeCounts({
      processor,
      memory,
      modules: () => this.#table.modules,
      nameOf: (address) => this.#names.at(address),
    });
    this.#names = new Names(this.#table, this.#kernel);
    const lab = bootLab({
      processor,
      memory,
      physical,
      functions: this.#functions,
      kernel: this.#kernel,
      host: this.#table.host(),
      services: {
        log: (text) => this.#log.print(text),
        now: () => (BigInt(processor.count) * NANOSECONDS) / BigInt(this.clockHz),
        littleEndian: this.endian === "little",
        symbolText: (address, withOffset) => this.#names.text(address, withOffset),
      },
    });
    this.#kernelFtrace = new KernelFtrace(memory, this.endian, lab, kernel);
    this.#kernelFtrace.enable();
    this.#labGraph = new LabGraph(lab, memory);
    memory.setU32(RETURN_HOOK, assemble("farjal.trace_return", 0));
    this.#caller = new Caller(processor, memory, this.#functions, this.#makeThread());
    this.#lifecycle = new ModuleLifecycle(this.#table, {
      memory,
      log: this.#log,
      call: (address, args, budget) => this.call(address, args, { ...budget, throws: false }),
      kernelAddressOf: (name) => this.#kernel.addressOf(name),
      sitesChanged: () => this.#tracer?.refresh(),
    });
  }

  /**
   * Whether executed instructions are counted, exactly, on each engine; default: false. Translated code takes about a
   * fifth longer then, in short loops up to a half.
   */
  get counting(): boolean {
    return this.processor.counting;
  }

  set counting(counting: boolean) {
    this.processor.counting = counting;
  }

  /**
   * What was executed while `counting` was on, by module and symbol.
   * @throws Refusal when more than about 10 MiB of code ran.
   */
  get executed(): ExecutedCode {
    return this.#codeCounts.executed();
  }

  /** What guest code printed through _printk and its variants, one record per call. At least the newest 1 MiB is kept. */
  get log(): string[] {
    return this.#log.lines;
  }

  /** The loaded modules, in the order of loading. */
  get modules(): readonly LoadedModule[] {
    return this.#table.modules;
  }

  /**
   * The rules of the machine's kernel, by which traces are made and printed. If neither the options nor the kernel name
   * them, they are those of the release that the newest module is built for.
   */
  get kernelProfile(): KernelProfile {
    return this.#table.kernelProfile;
  }

  /** The kernel's taints that modules have set, as /proc/sys/kernel/tainted has them. */
  get taints(): readonly Taint[] {
    return this.#table.taints;
  }

  /** Instructions completed since the machine was made. */
  get instructions(): number {
    return this.processor.count;
  }

  /**
   * Loads a module as Linux does and switches its call sites off.
   * @param file a path, or the file's bytes.
   * @throws Refusal with the kernel's lines and errno when Linux would not load the module.
   */
  async insmod(file: string | Uint8Array, options: InsmodOptions = {}): Promise<LoadedModule> {
    checkOptions("insmod()", options, INSMOD_OPTIONS);
    return this.insmodFile(await this.openModule(file, options), options);
  }

  /**
   * Reads a module's file by the rules of this machine's kernel, for insmodFile() and plan().
   * @param file a path, or the file's bytes.
   * @throws Misuse for a file that can't be read, Refusal for one that is no module.
   */
  async openModule(
    file: string | Uint8Array,
    { name, object }: Pick<InsmodOptions, "name" | "object"> = {},
  ): Promise<ModuleFile> {
    return openModule(file, {
      profileOf: (vermagic) => this.#table.profileOf(vermagic),
      ...(name === undefined ? {} : { name }),
      ...(object === undefined ? {} : { object }),
    });
  }

  /** The same for a file that readModule() has read. */
  insmodFile(file: ModuleFile, options: InsmodOptions = {}): LoadedModule {
    checkOptions("insmodFile()", options, INSMOD_OPTIONS);
    return this.#lifecycle.insmod(file, options);
  }

  /** The modules as `lsmod` and /proc/modules list them, newest first. */
  lsmod(): ModuleStatus[] {
    const { residents } = this.#table;
    return residents.map((one) => one.status(residents)).reverse();
  }

  /**
   * The far-jump plan that insmod would carry out, without loading anything.
   * @throws Refusal where Linux refuses the module before it relocates.
   */
  plan(file: ModuleFile, options: InsmodOptions = {}): ModulePlan {
    checkOptions("plan()", options, INSMOD_OPTIONS);
    return this.#table.plan(file, options);
  }

  /**
   * What a module would import under a name, and the owner of its code: the kernel, a module, the lab, the host, or
   * a stub, which ends the run. undefined: the name is not exported.
   */
  importOf(name: string): Import<number> | undefined {
    return this.#table.importOf(name);
  }

  /** The memory ranges of the user's kernel, if there is one, and of the lab kernel. */
  get kernelRanges(): readonly KernelRange[] {
    return this.#kernel.ranges;
  }

  /** A loaded module's call sites as listed in __mcount_loc, with the words that relocation wrote there. */
  callSites(module: LoadedModule): readonly ModuleSite[] {
    return this.#table.callSites(module);
  }

  /**
   * Adds call sites to a loaded module that Linux would not accept, so that a new call-site design can be tried with
   * tracers and filters. The added sites are switched off.
   */
  addSites(module: LoadedModule, sites: readonly ModuleSite[]): void {
    const resident = this.#table.residents.find((one) => one.module === module);
    if (resident === undefined) throw new Misuse(`module ${module.name} isn't loaded`);
    resident.sites = [...resident.sites, ...sites];
    this.#table.siteSwitch.switchOff(sites);
    this.#tracer?.refresh();
  }

  /**
   * Unloads a module as delete_module() does: runs its exit function if its init function has run, and frees its
   * memory.
   * @param module from insmod(), or its name.
   * @throws Refusal ENOENT when the module isn't loaded; EAGAIN (EWOULDBLOCK is the same number) while other modules
   *   use it; EBUSY when it has an init function that ran and no exit function, or is already being unloaded. errno is
   *   null when the exit function does not return; the module then remains in state GOING.
   */
  rmmod(module: LoadedModule | string, options: BudgetOptions = {}): void {
    checkOptions("rmmod()", options, BUDGET_OPTIONS);
    this.#lifecycle.rmmod(module, options);
  }

  /**
   * Implements a kernel symbol by a host function, replacing any code it has. A symbol that the kernel lacks is
   * added, and modules loaded afterwards can import it.
   */
  provide(name: string, run: HostFunction, options: ProvideOptions = {}): void {
    checkOptions("provide()", options, PROVIDE_OPTIONS);
    this.#kernel.provide(name, run, options);
  }

  /**
   * Calls guest code.
   * @param target a function's name (searched from the newest module to the kernel) or its address.
   * @param args passed as o32 defines; strings and bytes are copied into guest memory for the call.
   * @returns v0, v1 and the instructions. With `throws: false`, and at the end of a budget that the caller gave, the
   *   stop is in the result, as `exception`, and there is no v0.
   * @throws CallStopped when the function does not return: an exception, a function without code, the end of the
   *   default budget; with `throws: true` also the end of a budget that the caller gave.
   * @throws Misuse when no function has the name.
   */
  call(
    target: string | number,
    args: readonly Argument[] | undefined,
    options: CallOptions & { readonly throws: true },
  ): CallResult;
  call(
    target: string | number,
    args?: readonly Argument[],
    options?: CallOptions & { readonly throws?: true; readonly budget?: undefined },
  ): CallResult;
  call(
    target: string | number,
    args: readonly Argument[] | undefined,
    options: CallOptions,
  ): CallOutcome;
  call(
    target: string | number,
    args: readonly Argument[] = [],
    options: CallOptions = {},
  ): CallOutcome {
    checkOptions("call()", options, CALL_OPTIONS);
    const { address, budget } = this.#callee(target, options);
    const outcome = this.#called(address, args, budget);
    const throws =
      options.throws ?? !(outcome.exception?.kind === "budget" && options.budget !== undefined);
    if (outcome.exception === undefined || !throws) return outcome;
    throw new CallStopped(typeof target === "string" ? target : this.describe(target), outcome);
  }

  #called(address: number, args: readonly Argument[], budget: number): CallOutcome {
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
   * Enters a call without running it. `advance()` runs it, in several steps if wanted, until it returns or can't
   * continue; `close()` leaves it. `new Debugger(call)` adds breakpoints and more.
   * @param args words and double words; allocate data passed by address with `memory.alloc()`.
   * @throws Misuse when no function has the name, or a call is already open.
   */
  start(
    target: string | number,
    args: readonly (number | bigint)[] = [],
    options: StartOptions = {},
  ): GuestCall {
    if (this.#caller.depth > 0) throw new Misuse("a call is open; close() it first");
    checkOptions("start()", options, START_OPTIONS);
    const { address, budget } = this.#callee(target, options);
    const words = argumentWords(args, this.endian === "little", () => 0);
    const name = typeof target === "string" ? target : hex(target);
    const subject = { target: name, args: words, note: options.note ?? null };
    return this.#caller.start(address, subject, budget);
  }

  /** The address of a symbol, searched from the newest module to the kernel. */
  addressOf(name: string): number | undefined {
    for (const { module, initFreed } of this.#table.residents.toReversed()) {
      const symbol = module.symbols.find(
        (one) => one.name === name && !(initFreed && isInitBlock(one.section.block)),
      );
      if (symbol !== undefined) return symbol.address;
    }
    return this.#kernel.addressOf(name);
  }

  /** The symbol that contains an address. */
  symbolAt(address: number): NamedAddress | undefined {
    return this.#names.at(address);
  }

  /**
   * Reads and writes structures in memory, by the names and types of their members: `{ mtu: "u32", name: "char[16]" }`.
   * Members are placed as o32 places them. Types: u8 to u64, s8 to s64, char, bool, ptr, arrays of these (`u16[4]`),
   * nested layouts, and `[layout, count]`.
   * @param type a layout, or a structure's or union's type from debugging information: `new DebugTypes(info).struct("card")`.
   * @throws Misuse for a type that doesn't exist.
   */
  struct(type: Layout | CStruct): Struct {
    const own = isDebugType(type) ? memoryStruct(type) : structType(type);
    return new Struct(this.memory, own);
  }

  /**
   * Starts a tracer; default: `function`. One runs at a time, as on a real kernel.
   * @throws Misuse when one is running, or a filter matches nothing.
   */
  trace(options: TraceOptions & { readonly tracer: "function_graph" }): Tracer<GraphEvent>;
  trace(options?: TraceOptions & { readonly tracer?: "function" }): Tracer<FunctionEvent>;
  trace(options: TraceOptions): Tracer;
  trace(options: TraceOptions = {}): Tracer<TraceEvent> {
    checkOptions("trace()", options, TRACE_OPTIONS);
    if (this.#tracer?.running) throw new Misuse("a tracer is running; stop() it first");
    this.#tracer = new Tracer(this.#traceHost(), options);
    this.#tracer.start();
    return this.#tracer;
  }

  /** The functions that can be traced. A filter's numbers count in this order. */
  get traceable(): Traceable {
    const host = this.#traceHost();
    return traceableOf(host.sites(), host.moduleNames());
  }

  /**
   * What a file of tracefs shows, as `cat /sys/kernel/tracing/NAME` would.
   * @throws Misuse when farjal does not provide the file.
   */
  tracefs(name: TraceFile): string {
    if (!TRACE_FILES.includes(name)) {
      throw new Misuse(`there is no trace file '${name}'; take ${TRACE_FILES.join(", ")}`);
    }
    const { traceable } = this;
    const now = Math.floor((this.processor.count * 1e6) / this.clockHz);
    const { rules } = this.kernelProfile;
    return [...traceFile(name, { traceable, tracer: this.#tracer, now, rules })].join("");
  }

  /**
   * The machine's state as bytes: the processor's state and the host state that restore() needs (memory in use, the
   * log, the open call). Breakpoints belong to the debugger and are not included.
   * @throws Misuse while a host function runs.
   */
  save(): Uint8Array {
    this.#requireStillness();
    const note = writeState(this.#making(), {
      physical: this.#physical.used,
      log: this.#log.lines,
      call: this.#caller.state,
    });
    return saveProcessor(this.processor, { note });
  }

  /**
   * Restores a state from save(), in this machine or in one made by the same steps, in any process. Calls that are
   * open now end; memory that the host allocated since is freed.
   * @param options the budget of the open call from here on; default: the rest of its old budget.
   * @returns the call that was open when the machine was saved, or null.
   * @throws Misuse, with nothing changed, when the snapshot is damaged or of another kind of machine, and when save()
   *   would throw.
   */
  restore(bytes: Uint8Array, options: BudgetOptions = {}): GuestCall | null {
    checkOptions("restore()", options, BUDGET_OPTIONS);
    this.#requireStillness();
    if (options.budget !== undefined) checkBudget(options.budget);
    const snapshot = readSnapshot(bytes);
    checkFits(this.processor, snapshot);
    const { physical, log, call } = readState(snapshot.note, this.#making());
    const before = [...this.#physical.used];
    if ((call !== null && !this.#caller.fits(call)) || !this.#physical.replace(physical)) {
      throw new Misuse("the snapshot is damaged (its description of the machine)");
    }
    try {
      restoreProcessor(this.processor, snapshot);
    } catch (error) {
      this.#physical.replace(before);
      throw error;
    }
    this.#log.replace(log);
    this.#tracer?.restored();
    return this.#caller.restore(call, options.budget);
  }

  /**
   * An address with what %pS prints for it: `0x… (name+0xoffset/0xsize [module])`. For freed init memory the text
   * names the module that owned it.
   */
  describe(address: number): string {
    if (this.symbolAt(address) === undefined) return hex(address);
    const late = this.#table.residents.find((one) => one.hadInInit(address));
    const freed =
      late === undefined || this.memory.mapped(address, 4)
        ? ""
        : ` in init memory of ${late.module.name}, freed when its init function had returned`;
    return `${hex(address)} (${this.#names.text(address, true)})${freed}`;
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
      modules: this.#table.residents.map(({ module: { name, memories }, initFreed }) => ({
        name,
        memories: memories.map(({ base, size }) => [base, size] as const),
        initFreed,
      })),
      traced: this.#tracer?.sitesOn ?? [],
    };
  }

  #callee(target: string | number, options: BudgetOptions): { address: number; budget: number } {
    const budget = options.budget ?? DEFAULT_BUDGET;
    checkBudget(budget);
    const address = typeof target === "number" ? target : this.addressOf(target);
    if (address === undefined) {
      const near = didYouMean(String(target), this.#functionNames());
      throw new Misuse(`no loaded module and no kernel has '${target}'${near}`);
    }
    return { address, budget };
  }

  *#functionNames(): Generator<string> {
    for (const { symbols } of this.modules) for (const { name } of symbols) yield name;
    for (const { names } of this.#kernel.symbolTables) yield* names;
  }

  /** Maps a zeroed stack and a zeroed thread_info for calls from the host. */
  #makeThread(): CallSetup {
    const physical = this.#physical.allocate(STACK_SIZE, PAGE_SIZE);
    if (physical === undefined) throw new Misuse("the guest's memory has no room for a stack");
    this.processor.mapPages(STACK_BASE, physical, STACK_SIZE, true);
    return {
      stackTop: STACK_BASE + STACK_SIZE,
      threadInfo: this.memory.alloc(PAGE_SIZE),
      shadows: [new ShadowStack(this.processor.words), this.#labGraph],
      describe: (address) => this.describe(address),
      nameOf: (address) => this.#names.short(address),
      keep: () => this.#keep(),
    };
  }

  /** What a trace or counts have taken in can't be taken back. */
  #keep(): (() => void) | null {
    if (this.#tracer?.running === true || this.processor.counting) return null;
    const physical = [...this.#physical.used];
    const log = [...this.#log.lines];
    return () => {
      this.#physical.replace(physical);
      this.#log.replace(log);
    };
  }

  #traceHost(): TraceHost {
    return {
      buffer: this.processor.bytes.buffer,
      clockHz: this.clockHz,
      rules: () => this.kernelProfile.rules,
      sites: () => [
        ...this.#kernelFtrace.sites,
        ...this.#table.residents.flatMap(({ presentSites }) => presentSites),
      ],
      siteSwitch: this.#table.siteSwitch,
      moduleNames: () => this.modules.map(({ name }) => name),
      blockStarts: () => this.modules.flatMap(({ memories }) => memories.map(({ base }) => base)),
      setMcountCalls: (tracer) => this.#kernelFtrace.setCalls(tracer),
      guestGraph: this.#labGraph,
      symbolTables: () => this.#names.tables,
      pauseEvery: (every, work) => {
        const pause = { every, work };
        this.#caller.pauses.add(pause, this.processor.count);
        return () => this.#caller.pauses.delete(pause);
      },
    };
  }
}
