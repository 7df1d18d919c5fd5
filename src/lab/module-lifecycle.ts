// What happens to a module between load_module() and free_module() on a machine that executes code. On loading, its
// parameters are set and its init function runs; on unloading, its exit function runs. module-table.ts loads and
// frees; this file runs the guest code in between, as kernel/module/main.c does.

import { type Errno, errnoName, Refusal } from "../errors.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { argumentText } from "../module/parameters/arguments.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { CallOutcome } from "./calls/outcome.ts";
import { InitStopped } from "./init-stopped.ts";
import type { BudgetOptions, InsmodOptions } from "./machine-options.ts";
import {
  freeParameters,
  type ParameterHost,
  parameterAdvice,
  setParameters,
} from "./module-parameters.ts";
import type { ModuleSite } from "./module-sites.ts";
import type { ModuleTable } from "./module-table.ts";
import type { PrintedLog } from "./printed-log.ts";
import type { Resident } from "./resident.ts";

type Own = Resident<number, ModuleSite>;

/** What the lifecycle needs from the machine. */
export interface LifecycleHost {
  readonly memory: GuestMemory;
  readonly log: PrintedLog;
  call(address: number, args?: readonly number[], options?: BudgetOptions): CallOutcome;
  /** The address of a kernel function. */
  kernelAddressOf(name: string): number | undefined;
  /** Called when call sites were added or removed. */
  sitesChanged(): void;
}

export class ModuleLifecycle {
  readonly #table: ModuleTable<number, ModuleSite>;
  readonly #host: LifecycleHost;

  constructor(table: ModuleTable<number, ModuleSite>, host: LifecycleHost) {
    this.#table = table;
    this.#host = host;
  }

  /** finit_module(). @throws Refusal when Linux would refuse the module; the module is freed. */
  insmod(file: ModuleFile, options: InsmodOptions): LoadedModule {
    const resident = this.#table.load(file, options);
    this.#host.sitesChanged();
    const { parameters, init } = options;
    if (parameters !== undefined) this.#setParameters(resident, argumentText(parameters));
    if (init === true) this.#runInit(resident);
    else resident.state = "LIVE";
    return resident.module;
  }

  /** delete_module(). @throws Refusal in the cases listed at Machine.rmmod(). */
  rmmod(module: LoadedModule | string, options: BudgetOptions): void {
    const resident = this.#table.find(module);
    const name = typeof module === "string" ? module : module.name;
    const refuse = (errno: Errno | null, explanation: string): Refusal =>
      new Refusal({ errno, dmesg: [], explanation });
    if (resident === undefined) throw refuse("ENOENT", `Module ${name} is not currently loaded`);
    const { users } = resident.status(this.#table.residents);
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
      const { exception } = this.#host.call(exitFunction, [], options);
      if (exception !== undefined) {
        throw refuse(null, `${name}'s exit function did not return: ${exception.message}`);
      }
    }
    this.#free(resident);
  }

  /** parse_args() for a COMING module; frees the module if an argument is refused. */
  #setParameters(resident: Own, text: string): void {
    const { module } = resident;
    const outcome = this.#freeUnless(resident, () => {
      const lines: string[] = [];
      try {
        const host = this.#parameterHost((line) => lines.push(line));
        return this.#host.log.collecting(lines, () => setParameters(module, text, host));
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
      memory: this.#host.memory,
      call: (address, args) => this.#host.call(address, args),
      callKernel: (name, args) => {
        const address = this.#host.kernelAddressOf(name);
        if (address !== undefined) this.#host.call(address, args);
      },
      print,
      taintUser: () => this.#table.taintUser(),
    };
  }

  /** do_init_module(). */
  #runInit(resident: Own): void {
    const { module } = resident;
    const { initFunction, name } = module;
    if (initFunction !== null) {
      const lines: string[] = [];
      const { v0, exception } = this.#freeUnless(resident, () =>
        this.#host.log.collecting(lines, () => this.#host.call(initFunction)),
      );
      const result = exception === undefined ? v0 | 0 : 0;
      if (exception !== undefined || result < 0) {
        const dmesg = [...module.dmesg, ...lines];
        this.#leave(resident);
        if (exception !== undefined) throw new InitStopped(module, exception, dmesg);
        const errno = errnoName(-result);
        const explanation = `${name}'s init function returned ${result}${errno === null ? "" : ` (${errno})`}`;
        throw new Refusal({ errno, dmesg, explanation });
      }
      for (const line of lines) resident.print(line);
      resident.initRan = true;
      if (result > 0) {
        for (const line of suspiciousLines(resident.module, result)) resident.print(line);
      }
    }
    resident.state = "LIVE";
    this.#table.freeInit(resident);
    this.#host.sitesChanged();
  }

  #freeUnless<T>(resident: Own, work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#leave(resident);
      throw error;
    }
  }

  /** Frees a COMING module whose loading failed; its exit function doesn't run. */
  #leave(resident: Own): void {
    resident.state = "GOING";
    this.#free(resident);
  }

  /** free_module(). */
  #free(resident: Own): void {
    freeParameters(
      resident.module,
      this.#parameterHost(() => {}),
    );
    this.#table.remove(resident);
    for (const address of resident.arguments) this.#host.memory.free(address);
    this.#host.sitesChanged();
  }
}

/** do_init_module()'s words about an init function that returns a positive number. */
function suspiciousLines({ name, profile }: LoadedModule, result: number): string[] {
  const words = `init suspiciously returned ${result}, it should follow 0/-E convention`;
  if (profile.rules.V29 === "name") return [`${name}: ${words}`];
  return [`do_init_module: '${name}'->${words}`, "do_init_module: loading module anyway..."];
}
