// `farjal fits M.ko… --kernel K`: whether modules would load into a kernel, and all reasons why not. src/fits/ judges;
// this file reads the arguments and prints the answer.

import type { Command } from "commander";
import { Option } from "commander";
import type { Address } from "../../address.ts";
import { type Fits, judgeModules, Misuse, openNamed, readModuleBytes } from "../../index.ts";
import { fitsText } from "../../report/fits-text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { readInput } from "../input.ts";
import { DEFAULT_BASE } from "../options/module-options.ts";
import { readAddress } from "../options/numbers.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
The kernel's own modules, which export symbols and show struct module, are those of --modules, or those in
lib/modules/RELEASE beside the boot directory that the kernel's file is in.

JSON: fits, reasons [{kind, symbol, text, dmesg, explanation, remedy}]; of several modules, fits and
modules [{file, name, fits, reasons, needs, imports, notes}], where one module has the same list. Kinds:
vermagic, missing-symbol, gpl-only, namespace, checksum, struct-module, far-jump, rule.

Examples:
  farjal fits driver.ko --kernel vmlinuz-6.1.0-50-4kc-malta
  farjal fits driver.ko --kernel System.map --symvers Module.symvers
  farjal fits driver.ko --kernel Module.symvers --modules lib/modules/6.1.0-50-4kc-malta`;

interface FitsCommandOptions extends AnswerOptions {
  readonly kernel?: string;
  readonly symvers?: string;
  readonly modules?: string;
  readonly base: Address;
}

export function addFits(program: Command, give: Give, terminal: Terminal): void {
  program
    .command("fits")
    .argument("<M.ko...>", "modules; - is standard input")
    .option("--json", "print one JSON document")
    .option(
      "--kernel <FILE>",
      "the kernel to load them into: vmlinuz, vmlinux, System.map, kallsyms, Module.symvers",
    )
    .option("--symvers <FILE>", "the Module.symvers of that kernel")
    .option("--modules <DIR>", "that kernel's own modules tree")
    .addOption(
      new Option("--base <HEX>", "where modules are loaded, an address in hexadecimal")
        .argParser(readAddress)
        .default(DEFAULT_BASE, "c0000000"),
    )
    .summary("whether a module loads into another kernel, and all reasons why not")
    .description(
      "Compares modules with a kernel: version magic, struct module, each import (missing, GPL-only, in a namespace, " +
        "with another checksum), far jumps, and the loader's other checks, and says what to do. Nothing is loaded. " +
        "Exit code 1: a module doesn't fit.",
    )
    .addHelpText("after", EXAMPLES)
    .action((paths: readonly string[], options: FitsCommandOptions) =>
      give(options, () => fits(paths, options, terminal)),
    );
}

async function fits(
  paths: readonly string[],
  options: FitsCommandOptions,
  { paint }: Terminal,
): Promise<Answer> {
  const { kernel, symvers, modules, base } = options;
  if (kernel === undefined) throw new Misuse("name the kernel with --kernel FILE");
  const named = await openNamed(paths, (path) =>
    readModuleBytes(path === "-" ? readInput(path) : path),
  );
  const judged = await judgeModules(named, { kernel, symvers, modules, base });
  const notes = judged.notes.map((note) => `note: ${note}\n`).join("");
  return { held: judged.fits, json: fitsJson(judged), text: fitsText(judged, paint), notes };
}

/** Of one module, its reasons are at the top too. */
function fitsJson({ fits, kernel, modules, notes }: Fits): Answer["json"] {
  const [only, another] = modules;
  const reasons = only !== undefined && another === undefined ? only.reasons : undefined;
  return { fits, reasons, kernel, modules, notes };
}
