// A running kernel for commands that load modules into it: from the user's cache, or booted; and the loading of a module
// after those that it depends on.

import { type Command, Option } from "commander";
import {
  CPU_MODEL_NAMES,
  type CpuModel,
  type Linux,
  type LinuxAnswer,
  openLinux,
  readModule,
  readModuleBytes,
} from "../index.ts";
import { dependencyNames, ModuleFinder } from "../sweep/dependencies.ts";
import { readInput } from "./input.ts";
import { cacheOption } from "./kernel-store.ts";
import type { Terminal } from "./terminal.ts";

export interface RunningKernelOptions {
  readonly initrd?: string;
  readonly append?: string;
  readonly cpu: CpuModel;
  readonly with?: readonly string[];
  readonly param?: readonly string[];
  readonly cache?: boolean | undefined;
}

/** The options that say how the kernel is booted, and whether it is kept. */
export function withRunningKernel(command: Command): Command {
  command
    .option("--initrd <FILE>", "an initramfs whose files are added to farjal's own")
    .option("--append <TEXT>", "more of the kernel's command line");
  // A command that reads kernels as well has the option already.
  const option = cacheOption();
  const has = command.options.some(({ long }) => long === option.long);
  return has ? command : command.addOption(option);
}

/** The option of the board's processor. */
export function cpuOption(): Option {
  return new Option("--cpu <NAME>", "the processor").choices(CPU_MODEL_NAMES).default("24Kc");
}

/** Opens a kernel, and notes on stderr when it has to be booted. */
export function runningKernel(
  kernel: string,
  { initrd, append, cpu, cache }: RunningKernelOptions,
  terminal: Terminal,
): Promise<{ readonly linux: Linux; readonly cached: boolean }> {
  return openLinux(kernel, {
    initrd: initrd === undefined ? undefined : readInput(initrd),
    append,
    cpu,
    ...(cache === false ? { cache: null } : {}),
    onBoot: () =>
      terminal.note(
        `booting ${kernel}${cache !== false ? "; a snapshot is kept for the next time" : ""}\n`,
      ),
  });
}

/** Where the kernel came from, for people. */
export function kernelOrigin(cached: boolean): string {
  return cached ? "into a kernel from the cache" : "into a kernel that was booted for it";
}

export interface WantedModule {
  readonly bytes: Uint8Array;
  /** Whether it is the module that the user named, not one that it depends on. */
  readonly isWanted: boolean;
}

/** The module's bytes, after those of its dependencies that were found. */
export async function modulesFor(
  path: string,
  options: Pick<RunningKernelOptions, "with">,
): Promise<WantedModule[]> {
  const wanted: WantedModule[] = [];
  const seen = new Set<string>();
  const add = async (at: string, isWanted: boolean): Promise<void> => {
    if (seen.has(at)) return;
    seen.add(at);
    const bytes = await readModuleBytes(at);
    const finder = new ModuleFinder(at);
    for (const name of namesNeeded(bytes)) {
      const found = finder.find(name);
      if (found !== undefined) await add(found, false);
    }
    wanted.push({ bytes, isWanted });
  };
  for (const other of options.with ?? []) await add(other, false);
  await add(path, true);
  return wanted;
}

/** Loads the modules in their order. @returns the answer for the last one, or for the first that was refused. */
export function loadModules(
  linux: Linux,
  modules: readonly WantedModule[],
  parameters: readonly string[] = [],
): LinuxAnswer {
  let answer: LinuxAnswer = { errno: null, dmesg: [] };
  for (const { bytes, isWanted } of modules) {
    answer = linux.insmod(bytes, isWanted ? parameters.join(" ") : "");
    if (!isWanted && answer.errno === "EEXIST") continue;
    if (answer.errno !== null) break;
  }
  return answer;
}

/** What the module depends on; a file that farjal can't read as a module is left for the kernel to refuse. */
function namesNeeded(bytes: Uint8Array): string[] {
  try {
    return dependencyNames(readModule(bytes));
  } catch {
    return [];
  }
}
