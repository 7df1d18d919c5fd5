// `farjal insmod M.ko --kernel VMLINUZ`: asks a real kernel. The kernel runs on the board; it is booted once and kept
// as a snapshot in the user's cache, so that the next module is loaded without booting.

import type { Command } from "commander";
import { Option } from "commander";
import {
  CPU_MODEL_NAMES,
  type CpuModel,
  type LinuxAnswer,
  openLinux,
  readModule,
  readModuleBytes,
} from "../../index.ts";
import { dependencyNames, ModuleFinder } from "../../sweep/dependencies.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { readInput } from "../input.ts";
import { gather } from "../options/numbers.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal insmod crc16.ko --kernel vmlinuz-6.1.0-50-4kc-malta
  farjal insmod driver.ko --kernel vmlinuz --with helper.ko --param debug=1 --json`;

interface InsmodOptions extends AnswerOptions {
  readonly kernel: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly cpu: CpuModel;
  readonly with?: readonly string[];
  readonly param?: readonly string[];
  readonly cache: boolean;
}

export function addInsmod(program: Command, give: Give, terminal: Terminal): void {
  program
    .command("insmod")
    .argument("<M.ko>", "the module, or - for standard input")
    .option("--json", "print one JSON document")
    .requiredOption("--kernel <FILE>", "the kernel to load it into: a vmlinuz or vmlinux for Malta")
    .option("--initrd <FILE>", "an initramfs whose files are added to farjal's own")
    .option("--append <TEXT>", "more of the kernel's command line")
    .addOption(new Option("--cpu <NAME>", "the processor").choices(CPU_MODEL_NAMES).default("24Kc"))
    .addOption(
      new Option("--with <M.ko>", "load this module first (may be given again)").argParser(gather),
    )
    .addOption(
      new Option(
        "--param <NAME=VALUE>",
        "set a parameter of the module (may be given again)",
      ).argParser(gather),
    )
    .option("--no-cache", "boot the kernel anew, and keep no snapshot of it")
    .summary("load a module into a real kernel that runs on farjal's board")
    .description(
      "Loads a module into a running Linux and reports the kernel's errno and messages; the module's init " +
        "function runs. The kernel is booted once; later calls use a snapshot in the user's cache. Exit code 1: " +
        "the kernel refuses the module.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: InsmodOptions) =>
      give(options, () => insmod(path, options, terminal)),
    );
}

async function insmod(path: string, options: InsmodOptions, terminal: Terminal): Promise<Answer> {
  const started = performance.now();
  const modules = await modulesFor(path, options);
  const { initrd, append, cpu, cache } = options;
  const { linux, cached } = await openLinux(options.kernel, {
    initrd: initrd === undefined ? undefined : readInput(initrd),
    append,
    cpu,
    ...(cache ? {} : { cache: null }),
    onBoot: () =>
      terminal.note(
        `booting ${options.kernel}${cache ? "; a snapshot is kept for the next time" : ""}\n`,
      ),
  });
  const parameters = (options.param ?? []).join(" ");
  let answer: LinuxAnswer = { errno: null, dmesg: [] };
  for (const { bytes, isWanted } of modules) {
    answer = linux.insmod(bytes, isWanted ? parameters : "");
    if (!isWanted && answer.errno === "EEXIST") continue;
    if (answer.errno !== null) break;
  }
  const { errno, dmesg } = answer;
  const seconds = (performance.now() - started) / 1000;
  return {
    held: errno === null,
    json: { errno, dmesg, cached, seconds, instructions: linux.board.instructions },
    text: [
      ...dmesg.map((line) => `${line}\n`),
      errno === null ? `${path} is loaded\n` : `${path} is refused: ${errno}\n`,
    ],
    notes: `${cached ? "into a kernel from the cache" : "into a kernel that was booted for it"}, ${seconds.toFixed(2)} s\n`,
  };
}

interface WantedModule {
  readonly bytes: Uint8Array;
  /** Whether it is the module that the user named, not one that it depends on. */
  readonly isWanted: boolean;
}

/** The module's bytes, after those of its dependencies that were found. */
async function modulesFor(path: string, options: InsmodOptions): Promise<WantedModule[]> {
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

/** What the module depends on; a file that farjal can't read as a module is left for the kernel to refuse. */
function namesNeeded(bytes: Uint8Array): string[] {
  try {
    return dependencyNames(readModule(bytes));
  } catch {
    return [];
  }
}
