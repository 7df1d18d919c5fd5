// The kernel's part of dynamic ftrace: patching _mcount and the kernel's own call sites as the boot does, and
// pointing ftrace_call and ftrace_graph_call at the functions that a tracer needs while it runs in guest code. The
// instruction words are those of arch/mips/kernel/ftrace.c and mcount.S.

import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import type { TracerName } from "../ftrace/event.ts";
import type { TraceSite } from "../ftrace/trace-host.ts";
import { jumpTo, NOP } from "../isa/assemble.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import { KernelSites } from "./kernel-sites.ts";
import type { Lab } from "./lab-kernel.ts";

/** What the boot writes over a call of _mcount. */
const TWO_NOPS = new Uint8Array(8);

export class KernelFtrace {
  readonly #memory: GuestMemory;
  readonly #lab: Lab;
  /** The user's kernel, if its code is in memory. */
  readonly #kernel: Kernel | null;
  readonly #sites: KernelSites | null;

  /** @param kernel the user's, or null when the lab is the kernel. */
  constructor(memory: GuestMemory, endian: Endian, lab: Lab, kernel: Kernel | null) {
    this.#memory = memory;
    this.#lab = lab;
    this.#kernel = kernel?.image == null ? null : kernel;
    this.#sites = this.#kernel && KernelSites.of(this.#kernel, endian);
  }

  /**
   * Does what ftrace_dyn_arch_init() and the boot do: replaces _mcount's first word, a branch to its end, by a nop and
   * switches off every call site in the kernel's own text.
   */
  enable(): void {
    const mcount = this.#lab.addressOf("_mcount");
    if (mcount !== undefined) this.#memory.setU32(mcount, NOP);
    const own = this.#kernel?.addressOf("_mcount");
    if (own === undefined) return;
    this.#memory.setU32(own, NOP);
    for (const address of this.#sites?.listed ?? []) this.#memory.write(address, TWO_NOPS);
  }

  /** The sites in the user's kernel, without those of functions that the lab or the host has replaced since. */
  get sites(): readonly TraceSite[] {
    const all = this.#sites?.traceable ?? [];
    return all.filter(({ begin, first }) => this.#memory.u32(begin) === first);
  }

  /**
   * Points ftrace_call and ftrace_graph_call at the functions that a tracer needs, or makes them nops. The sites are
   * in the user's kernel if its code is in memory, else in the lab kernel. Their targets are the lab's functions, as
   * is the function that the kernel's own ftrace_graph_caller calls.
   * @throws Misuse when the kernel was built without them.
   */
  setCalls(tracer: TracerName | null): void {
    const lab = this.#lab;
    const from = this.#kernel ?? lab;
    const need = (name: string): number => {
      const address = from.addressOf(name);
      if (address === undefined) {
        throw new Misuse(`the kernel has no ${name}: it was built without dynamic ftrace for it`);
      }
      return address;
    };
    const called = tracer === "function" ? lab.require("lab_trace_function") : need("ftrace_stub");
    this.#memory.setU32(need("ftrace_call"), jumpTo("jal", called));
    if (tracer === "function_graph") {
      const hook = need("prepare_ftrace_return");
      const own = lab.require("prepare_ftrace_return");
      if (hook !== own) this.#jumpFrom(hook, own);
      this.#memory.setU32(need("ftrace_graph_call"), jumpTo("j", need("ftrace_graph_caller")));
    } else if (from.addressOf("ftrace_graph_call") !== undefined) {
      this.#memory.setU32(need("ftrace_graph_call"), NOP);
    }
    this.#setEntryCalls(tracer);
  }

  /** The same for the lab's other ftrace_caller (src/lab-kernel/entry.S). */
  #setEntryCalls(tracer: TracerName | null): void {
    const lab = this.#lab;
    const called = lab.require(tracer === "function" ? "lab_trace_entry" : "ftrace_entry_stub");
    const graph =
      tracer === "function_graph" ? jumpTo("j", lab.require("ftrace_entry_graph_caller")) : NOP;
    this.#memory.setU32(lab.require("ftrace_entry_call"), jumpTo("jal", called));
    this.#memory.setU32(lab.require("ftrace_entry_graph_call"), graph);
  }

  #jumpFrom(address: number, target: number): void {
    this.#memory.setU32(address, jumpTo("j", target));
    this.#memory.setU32(address + 4, NOP);
  }
}
