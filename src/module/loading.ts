// One attempt to load a module: the file, the machine, and the kernel's lines so far. Every step of load.ts works on
// it, so that a refusal includes all lines printed before it, in order.

import type { Address } from "../address.ts";
import { type Errno, Refusal } from "../errors.ts";
import type { KernelProfile } from "../kernel/rules/profile.ts";
import type { Rules } from "../kernel/rules/table.ts";
import type { ModuleFile } from "./file/file.ts";
import type { ModuleHost, Taint } from "./host.ts";

export interface LoadingOptions {
  readonly profile?: KernelProfile | undefined;
  readonly dry?: boolean;
}

export class Loading<A extends Address = number> {
  readonly file: ModuleFile;
  readonly host: ModuleHost<A>;
  /** The rules of the kernel that loads it. */
  readonly profile: KernelProfile;
  readonly dmesg: string[];
  readonly #dry: boolean;
  /** What a dry attempt has reported. */
  readonly #reported = new Set<string>();

  /**
   * @param options.profile the kernel's rules; default: those that the file was read with.
   * @param options.dry don't change the kernel's taints.
   */
  constructor(file: ModuleFile, host: ModuleHost<A>, options: LoadingOptions = {}) {
    this.file = file;
    this.profile = options.profile ?? file.profile;
    this.host = host;
    this.#dry = options.dry === true;
    this.dmesg = [...file.dmesg];
  }

  get rules(): Rules {
    return this.profile.rules;
  }

  /** printk of a line that begins with info->name: for lines before the kernel has struct module. */
  printEarly(text: string): void {
    this.dmesg.push(`${this.file.modinfo.get("name") ?? this.file.name}: ${text}`);
  }

  /** printk of a line that begins with mod->name, as nearly all lines do. */
  print(text: string): void {
    this.dmesg.push(`${this.file.name}: ${text}`);
  }

  /** Taints the kernel; the line is printed only the first time. */
  taint(taint: Taint, text: string): void {
    if (this.#isFirst(taint, () => this.host.taint(taint))) this.print(text);
  }

  /** Whether a taint is not set yet. */
  isFirstTaint(taint: Taint): boolean {
    return this.#dry ? !this.#reported.has(taint) : !this.host.isTainted(taint);
  }

  /** The same for a taint that makes lockdep unreliable (LOCKDEP_NOW_UNRELIABLE); the first one prints another line. */
  taintLocks(taint: "PROPRIETARY_MODULE" | "FORCED_MODULE", text: string): void {
    this.taint(taint, text);
    if (this.#isFirst("locks", () => this.host.debugLocksOff())) {
      this.dmesg.push("Disabling lock debugging due to kernel taint");
    }
  }

  /** try_to_force_load() of a kernel with CONFIG_MODULE_FORCE_LOAD=y, such as Debian's. */
  force(reason: string): void {
    this.taintLocks("FORCED_MODULE", `${reason}: kernel tainted.`);
  }

  /** pr_warn_once() of a line as printEarly() prints it: only the first of the machine's lines of this kind. */
  printEarlyOnce(kind: string, text: string): void {
    if (this.#isFirst(kind, () => this.host.isFirst(kind))) this.printEarly(text);
  }

  /** A dry attempt ignores what the machine has reported: it reports what a kernel after its boot would. */
  #isFirst(what: string, ask: () => boolean): boolean {
    if (!this.#dry) return ask();
    const first = !this.#reported.has(what);
    this.#reported.add(what);
    return first;
  }

  refusal(errno: Errno | null, explanation: string): Refusal {
    return new Refusal({ errno, dmesg: this.dmesg, explanation });
  }
}
