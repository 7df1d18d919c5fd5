// `farjal insmod M.ko --kernel VMLINUZ`: asks a real kernel. The kernel runs on the board; it is booted once and kept
// as a snapshot in the user's cache, so that the next module is loaded without booting.

import type { Command } from "commander";
import { Option } from "commander";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { gather } from "../options/numbers.ts";
import {
  cpuOption,
  kernelOrigin,
  loadModules,
  modulesFor,
  type RunningKernelOptions,
  runningKernel,
  withRunningKernel,
} from "../running-kernel.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal insmod crc16.ko --kernel vmlinuz-6.1.0-50-4kc-malta
  farjal insmod driver.ko --kernel vmlinuz --with helper.ko --param debug=1 --json`;

interface InsmodOptions extends AnswerOptions, RunningKernelOptions {
  readonly kernel: string;
}

export function addInsmod(program: Command, give: Give, terminal: Terminal): void {
  const command = program
    .command("insmod")
    .argument("<M.ko>", "the module, or - for standard input")
    .option("--json", "print one JSON document")
    .requiredOption("--kernel <FILE>", "the kernel to load it into: a vmlinuz or vmlinux for Malta")
    .addOption(cpuOption())
    .addOption(
      new Option("--with <M.ko>", "load this module first (may be given again)").argParser(gather),
    )
    .addOption(
      new Option(
        "--param <NAME=VALUE>",
        "set a parameter of the module (may be given again)",
      ).argParser(gather),
    );
  withRunningKernel(command)
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
  const { linux, cached } = await runningKernel(options.kernel, options, terminal);
  const { errno, dmesg } = loadModules(linux, modules, options.param);
  const seconds = (performance.now() - started) / 1000;
  return {
    held: errno === null,
    json: { errno, dmesg, cached, seconds, instructions: linux.board.instructions },
    text: [
      ...dmesg.map((line) => `${line}\n`),
      errno === null ? `${path} is loaded\n` : `${path} is refused: ${errno}\n`,
    ],
    notes: `${kernelOrigin(cached)}, ${seconds.toFixed(2)} s\n`,
  };
}
