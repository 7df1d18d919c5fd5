// Sets a module's parameters as Linux does between COMING and init: parse_args() of kernel/params.c over the
// module's __param records in guest memory. Each value is set by the guest function that the record's ops point to,
// so every parameter type works, including types that the module defines.

import { latin1Bytes, utf8, utf8Bytes } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import { PARAMETER_NAME } from "../limits.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { readArgumentText, sameParameter } from "../module/parameters/arguments.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { CallOutcome } from "./calls/outcome.ts";

/** struct kernel_param of a 32-bit kernel: {name*, mod*, ops*, u16 perm, s8 level, u8 flags, arg*}. */
const RECORD = 20;
const OWNER = 4;
const OPS = 8;
const FLAGS = 15;
const UNSAFE = 1;
/** struct kernel_param_ops: {flags, set*, get*, free*}. */
const SET = 4;
const FREE = 12;
const WITHOUT_VALUE = 1;

/** The kernel's numbers, which are the same on MIPS. */
const ENOENT = 2;
const EINVAL = 22;
const ENOSPC = 28;

/** What setting parameters needs from the machine. */
export interface ParameterHost {
  readonly memory: GuestMemory;
  readonly call: (address: number, args: readonly number[]) => CallOutcome;
  /** Calls a kernel function, if the kernel has it. */
  readonly callKernel: (name: string, args: readonly number[]) => void;
  /** Prints a line of the kernel's, in order with what guest code prints. */
  readonly print: (line: string) => void;
  /** Sets TAINT_USER. */
  readonly taintUser: () => void;
}

export interface ParameterOutcome {
  /** Guest memory that holds the values. Parameters may point into it until the module is unloaded. */
  readonly memory: readonly number[];
  /** The last failure's errno as a positive number; 0 when every argument was accepted. */
  readonly error: number;
}

/**
 * Sets the arguments in their order. As in the kernel, a failure does not stop the arguments after it.
 * @throws Misuse when a parameter's function does not return.
 */
export function setParameters(
  module: LoadedModule,
  text: string,
  host: ParameterHost,
): ParameterOutcome {
  const { list, afterDashes } = readArgumentText(text);
  const records = recordsOf(module, host.memory);
  const memory: number[] = [];
  let error = 0;
  for (const { name, value } of list) {
    const record = records.find((one) => sameParameter(one.name, name));
    if (record === undefined) {
      if (!isEveryModules(name)) host.print(`${module.name}: unknown parameter '${name}' ignored`);
      continue;
    }
    const place = value === null ? 0 : placed(value, host.memory);
    if (place !== 0) memory.push(place);
    const result = setOne(record, place, host);
    if (result === 0) continue;
    error = result;
    const left = place === 0 ? "" : textAt(place, host.memory);
    host.print(`${module.name}: ${complaint(result, left, name)}`);
  }
  if (error === 0 && afterDashes !== null) {
    host.print(`${module.name}: parameters '${afterDashes}' after \`--' ignored`);
  }
  return { memory, error };
}

/** module_destroy_params(): calls each parameter's free function, if its type has one. */
export function freeParameters(module: LoadedModule, host: ParameterHost): void {
  for (const { address } of recordsOf(module, host.memory)) {
    const ops = host.memory.u32(address + OPS);
    const free = host.memory.mapped(ops, FREE + 4) ? host.memory.u32(ops + FREE) : 0;
    if (free !== 0) host.call(free, [host.memory.u32(address + RECORD - 4)]);
  }
}

/** The explanation for a refused argument: the module's parameters and their types. */
export function parameterAdvice({ name, parameters }: ModuleFile): string {
  const list = parameters.map(
    (one) => `${one.name} (${one.type ?? one.ops ?? "a type of its own"})`,
  );
  return list.length === 0 ? `${name} has no parameters` : `${name} takes ${list.join(", ")}`;
}

interface Record {
  readonly name: string;
  readonly address: number;
}

function recordsOf(module: LoadedModule, memory: GuestMemory): Record[] {
  const section = module.sections.find(({ name }) => name === "__param");
  if (section === undefined) return [];
  const count = Math.floor(section.size / RECORD);
  return Array.from({ length: count }, (_, index) => {
    const address = section.address + index * RECORD;
    const name = memory.u32(address);
    return { address, name: memory.mapped(name, 1) ? memory.string(name, PARAMETER_NAME) : "" };
  });
}

/** parse_one(). @param value the address of its text; 0: no value. @returns 0 or an errno. */
function setOne({ name, address }: Record, value: number, host: ParameterHost): number {
  const { memory } = host;
  const ops = memory.u32(address + OPS);
  const set = memory.mapped(ops, FREE) ? memory.u32(ops + SET) : 0;
  if (set === 0) {
    throw new Misuse(
      `parameter ${name} can't be set: the kernel that was given has no code for its type`,
    );
  }
  if (value === 0 && (memory.u32(ops) & WITHOUT_VALUE) === 0) return EINVAL;
  if ((memory.u8(address + FLAGS) & UNSAFE) !== 0) {
    host.print(`Setting dangerous option ${name} - tainting kernel`);
    host.taintUser();
  }
  // The kernel's functions for array parameters require the lock.
  const owner = memory.u32(address + OWNER);
  host.callKernel("kernel_param_lock", [owner]);
  const { v0, exception } = host.call(set, [value, address]);
  if (exception !== undefined) {
    throw new Misuse(`parameter ${name} can't be set: ${exception.message}`);
  }
  host.callKernel("kernel_param_unlock", [owner]);
  return Math.max(0, -(v0 | 0));
}

/** parse_args()' message about a value, as much of it as the parameter's function has left. */
function complaint(error: number, value: string, name: string): string {
  if (error === ENOENT) return `Unknown parameter \`${name}'`;
  const fault = error === ENOSPC ? "too large" : "invalid";
  return `\`${value}' ${fault} for parameter \`${name}'`;
}

function textAt(address: number, memory: GuestMemory): string {
  return utf8(latin1Bytes(memory.string(address)));
}

function placed(value: string, memory: GuestMemory): number {
  const bytes = utf8Bytes(`${value}\0`);
  const at = memory.alloc(bytes.length);
  memory.write(at, bytes);
  return at;
}

/** Parameters that unknown_module_param_cb() accepts for every module. */
function isEveryModules(name: string): boolean {
  return name === "async_probe" || name === "dyndbg";
}
