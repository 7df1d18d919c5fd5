// `--trace-imports`: every call that a module makes of a function outside it, with arguments and result. The call runs
// with breakpoints at the imports and, while one is open, at its return address; so code of the kernel and host
// functions are seen alike, and neither notices. The number of arguments is known from the debugging information;
// without it, the four that are in registers are shown.

import { hex } from "../../hex.ts";
import { Debugger, type GuestCall, type LoadedModule, type Machine } from "../../index.ts";
import { IMPORT_CALLS } from "../../limits.ts";
import { debugTypesOf, prototypeOf } from "./prototypes.ts";

export interface ImportCall {
  readonly name: string;
  readonly args: readonly string[];
  /** v0; null for a call that didn't return. */
  result: string | null;
  /** Where the call came from. */
  readonly from: string;
  /** How many calls of imports it was made within. */
  readonly depth: number;
}

const REGISTER_ARGUMENTS = 4;
const V0 = 2;
const A0 = 4;
const SP = 29;
const RA = 31;

export class ImportCalls {
  readonly #machine: Machine;
  readonly #tool: Debugger;
  readonly #call: GuestCall;
  readonly #imports = new Map<number, { readonly name: string; readonly count: number }>();
  readonly #kept: ImportCall[] = [];
  readonly #open: { readonly one: ImportCall; readonly sp: number; readonly ra: number }[] = [];
  readonly #ranges: readonly { readonly base: number; readonly size: number }[];
  #total = 0;

  constructor(machine: Machine, module: LoadedModule, call: GuestCall) {
    this.#machine = machine;
    this.#call = call;
    this.#tool = new Debugger(call);
    this.#ranges = machine.modules.flatMap(({ core, init }) => [core, init]);
    const types = debugTypesOf(module.file);
    for (const { name, section, index } of module.file.elf.symbols) {
      if (section !== 0 || index === 0) continue;
      const address = machine.importOf(name)?.address;
      if (address === undefined || address % 4 !== 0 || name === "_mcount") continue;
      const count = prototypeOf(types, name)?.parameters.length ?? REGISTER_ARGUMENTS;
      this.#imports.set(address, { name, count });
      this.#tool.addBreakpoint(address);
    }
  }

  /** The calls so far, oldest first. */
  get calls(): readonly ImportCall[] {
    return this.#kept;
  }

  /** How many calls there were; more than are kept. */
  get total(): number {
    return this.#total;
  }

  /** The guest has stopped at a breakpoint of this tracer: notes what happened there. */
  stopped(): void {
    const { processor } = this.#call;
    const { pc } = processor;
    const sp = processor.gpr(SP);
    const open = this.#open.at(-1);
    if (open !== undefined && pc === open.ra && sp === open.sp) this.#returned(processor.gpr(V0));
    const found = this.#imports.get(pc);
    const ra = processor.gpr(RA);
    if (found === undefined || !this.#isOurs(ra)) return;
    this.#total += 1;
    if (this.#total > IMPORT_CALLS) return;
    const one: ImportCall = {
      name: found.name,
      args: Array.from({ length: found.count }, (_, index) => hex(this.#argument(index))),
      result: null,
      from: this.#machine.describe(ra),
      depth: this.#open.length,
    };
    this.#kept.push(one);
    this.#open.push({ one, sp, ra });
    this.#tool.addBreakpoint(ra);
  }

  /** The call is over: what is open in it returned with it, or not at all. */
  end(): void {
    const isReturned = this.#call.halt.reason === "returned";
    while (this.#open.length > 0) {
      if (isReturned) this.#returned(this.#call.processor.gpr(V0));
      else this.#open.pop();
    }
    this.#tool.clear();
  }

  #returned(v0: number): void {
    const open = this.#open.pop();
    if (open === undefined) return;
    open.one.result = hex(v0);
    this.#tool.removeBreakpoint(open.ra);
  }

  /** Whether code of a module, or a function that a module ended in, made the call. */
  #isOurs(ra: number): boolean {
    const inModule = this.#ranges.some(({ base, size }) => ra >= base && ra < base + size);
    return inModule || this.#machine.symbolAt(ra)?.name === "host_call";
  }

  #argument(index: number): number {
    const { processor } = this.#call;
    if (index < REGISTER_ARGUMENTS) return processor.gpr(A0 + index);
    const at = processor.gpr(SP) + 4 * index;
    const { memory } = this.#machine;
    return memory.mapped(at, 4) ? memory.u32(at) : 0;
  }
}

/** `init_lookup(0x00000007) = 0x00000002  from imports_run+0x24`, indented by depth. */
export function importCallText({ name, args, result, from, depth }: ImportCall): string {
  const end = result === null ? "did not return" : `= ${result}`;
  return `${"  ".repeat(Math.min(depth, 32))}${name}(${args.join(", ")}) ${end}  from ${from}\n`;
}
