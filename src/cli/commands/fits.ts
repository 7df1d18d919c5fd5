// `farjal fits M.ko… --kernel K`: whether modules would load into a kernel, and all reasons why not. src/fits/ judges;
// this file reads the arguments and prints the answer.

import type { Command } from "commander";
import { Option } from "commander";
import type { Address } from "../../address.ts";
import { isDirectory } from "../../host/path-kind.ts";
import {
  compareBuilds,
  type Fits,
  type FitsOptions,
  fitsFromJson,
  judgeAgainst,
  judgeModules,
  judgeTree,
  Misuse,
  mergeFits,
  type RuleSet,
  readModuleBytes,
  type TreeFits,
} from "../../index.ts";
import { buildsText } from "../../report/builds-text.ts";
import { fitsPage } from "../../report/fits-page.ts";
import { fitsBothText, fitsText, fitsTreeText } from "../../report/fits-text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import { readInput } from "../input.ts";
import { type CacheOptions, cacheOption, kernelStore } from "../kernel-store.ts";
import { DEFAULT_BASE, ruleChoice, withRules } from "../options/module-options.ts";
import { countReader, readAddress } from "../options/numbers.ts";
import {
  chosenShard,
  joinsParts,
  mergedAnswer,
  readDocument,
  type ShardOptions,
  withShards,
} from "../options/shard.ts";
import { Progress } from "../progress.ts";
import { openModule } from "../session.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
The kernel's own modules, which export symbols and show struct module, are those of --modules, or those in
lib/modules/RELEASE beside the boot directory that the kernel's file is in.

JSON: fits, reasons [{kind, symbol, text, dmesg, explanation, remedy}]; of several modules, fits and
modules [{file, name, fits, reasons, needs, imports, notes}], where one module has the same list. Kinds:
vermagic, missing-symbol, gpl-only, namespace, checksum, struct-module, far-jump, rule.

Examples:
  farjal fits driver.ko --kernel vmlinuz-6.1.0-50-4kc-malta
  farjal fits driver.ko --kernel vmlinuz-6.1.0-47-4kc-malta --against vmlinuz-6.1.0-50-4kc-malta
  farjal fits driver.ko --kernel System.map --symvers Module.symvers
  farjal fits driver.ko --kernel Module.symvers --modules lib/modules/6.1.0-50-4kc-malta
  farjal fits old/driver.ko new/driver.ko          what differs between two builds
  farjal fits lib/modules/6.1.0-47-4kc-malta --kernel vmlinuz-6.1.0-50-4kc-malta --html fits.html`;

interface FitsCommandOptions extends AnswerOptions, CacheOptions, ShardOptions {
  readonly kernel?: string;
  readonly against?: string;
  readonly symvers?: string;
  readonly modules?: string;
  readonly kernelRelease?: string;
  readonly rules?: RuleSet;
  readonly rule?: readonly string[];
  readonly base: Address;
  readonly html?: string;
  readonly jobs?: number;
  readonly timeLimit: number;
}

export function addFits(program: Command, give: Give, terminal: Terminal): void {
  withShards(withRules(program.command("fits")))
    .argument(
      "<M.ko...>",
      "modules, - for standard input, or one directory with modules in it; with --merge, the parts' JSON documents",
    )
    .option("--json", "print one JSON document")
    .option(
      "--kernel <FILE>",
      "the kernel to load them into: vmlinuz, vmlinux, System.map, kallsyms, Module.symvers",
    )
    .option(
      "--against <FILE>",
      "judge against this kernel as well, and show what differs from --kernel",
    )
    .addOption(cacheOption())
    .option("--symvers <FILE>", "the Module.symvers of that kernel")
    .option("--modules <DIR>", "that kernel's own modules tree")
    .addOption(
      new Option("--base <HEX>", "where modules are loaded, an address in hexadecimal")
        .argParser(readAddress)
        .default(DEFAULT_BASE, "c0000000"),
    )
    .option("--html <FILE>", "write the verdicts as one HTML page")
    .option(
      "--jobs <N>",
      "threads for a directory; default: one for each processor",
      countReader(1, 1024),
    )
    .option("--time-limit <S>", "seconds that one module may take", countReader(1, 86_400), 60)
    .summary("whether a module loads into another kernel, and all reasons why not")
    .description(
      "Compares modules with a kernel, or two builds of a module with each other: version magic, struct module, each import (missing, GPL-only, in a namespace, " +
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
  terminal: Terminal,
): Promise<Answer> {
  if (joinsParts(options)) return merged(paths, options, terminal);
  if (paths.some(isDirectory)) {
    if (options.against !== undefined && options.kernel !== undefined) {
      throw new Misuse("--against beside --kernel is for modules, not for a directory");
    }
    if (paths.length > 1) throw new Misuse("fits takes modules or one directory");
    return answer(await judgedTree(paths[0] ?? "", options, terminal), true, options, terminal);
  }
  if (options.shard !== undefined || options.timings !== undefined) {
    throw new Misuse("--shard and --timings are for a directory");
  }
  if (options.kernel === undefined && options.against === undefined) {
    return builds(paths, options, terminal);
  }
  if (options.against !== undefined && options.kernel !== undefined) {
    return both(paths, options, options.against, terminal);
  }
  return answer(await judgeModules(paths, fitsOptions(options)), false, options, terminal);
}

/** Two builds of a module, without a kernel. */
async function builds(
  [path = "", other, another]: readonly string[],
  { symvers, modules, html }: FitsCommandOptions,
  { paint }: Terminal,
): Promise<Answer> {
  if (other === undefined || another !== undefined) {
    throw new Misuse("name the kernel with --kernel FILE, or give two builds of one module");
  }
  if (symvers !== undefined || modules !== undefined || html !== undefined) {
    throw new Misuse("--symvers, --modules and --html need a kernel: name it with --kernel FILE");
  }
  const [old, next] = [await openModule(path, {}), await openModule(other, {})];
  const compared = compareBuilds(old, next);
  return {
    held: compared.fits,
    json: { ...compared, old: path, new: other },
    text: buildsText(compared, { old: path, next: other }, paint),
  };
}

/** The verdicts for two kernels. A Module.symvers and a modules tree are those of --kernel. */
async function both(
  paths: readonly string[],
  options: FitsCommandOptions,
  against: string,
  { paint }: Terminal,
): Promise<Answer> {
  if (options.html !== undefined) throw new Misuse("--html shows one kernel, not --against too");
  const own = fitsOptions(options);
  const { symvers: _, modules: __, ...rest } = own;
  const judged = await judgeAgainst(paths, own, { ...rest, kernel: against });
  const [one, other] = [judged.kernel, judged.against];
  const all = [...one.modules, ...other.modules];
  return {
    held: judged.fits,
    json: {
      fits: judged.fits,
      reasons: paths.length === 1 ? all.flatMap(({ reasons }) => reasons) : undefined,
      kernel: one.kernel,
      modules: one.modules,
      notes: one.notes,
      against: other,
      differences: judged.differences,
      rules: judged.rules,
    },
    text: fitsBothText(judged, paint),
    notes: [...one.notes, ...other.notes].map((note) => `note: ${note}\n`).join(""),
  };
}

function merged(
  names: readonly string[],
  options: FitsCommandOptions,
  terminal: Terminal,
): Promise<Answer> | Answer {
  return mergedAnswer(names, terminal, fitsFromJson, (parts) =>
    answer(mergeFits(parts), true, options, terminal),
  );
}

async function answer(
  judged: Fits | TreeFits,
  isTree: boolean,
  options: FitsCommandOptions,
  { paint }: Terminal,
): Promise<Answer> {
  if (options.html !== undefined) await writeWhole(options.html, fitsPage(judged));
  const text = isTree ? fitsTreeText(judged, paint) : fitsText(judged, paint);
  return {
    held: judged.fits,
    json: fitsJson(judged, isTree),
    text: options.html === undefined ? text : [`${options.html}\n`],
    notes: judged.notes.map((note) => `note: ${note}\n`).join(""),
  };
}

function fitsOptions(options: FitsCommandOptions): FitsOptions {
  const { kernel = options.against, symvers, modules, base } = options;
  if (kernel === undefined) throw new Misuse("name the kernel with --kernel FILE");
  return {
    kernel,
    symvers,
    modules,
    base,
    store: kernelStore(options),
    rules: ruleChoice(options),
    readBytes: (path) => readModuleBytes(path === "-" ? readInput(path) : path),
  };
}

async function judgedTree(
  directory: string,
  options: FitsCommandOptions,
  terminal: Terminal,
): Promise<TreeFits> {
  const { jobs, timeLimit, timings } = options;
  const shard = chosenShard(options.shard, terminal);
  const last = timings === undefined ? undefined : fitsFromJson(timings, readDocument(timings));
  const progress = new Progress(terminal);
  try {
    return await judgeTree(directory, {
      ...fitsOptions(options),
      jobs,
      timeLimit,
      shard,
      timings: last,
      onProgress: (done, total) => progress.at(done, total),
    });
  } finally {
    progress.stop();
  }
}

/** Of one module, its reasons are at the top too. */
function fitsJson(judged: Fits | TreeFits, isTree: boolean): Answer["json"] {
  if (isTree) return { ...judged };
  const { fits, kernel, modules, notes } = judged;
  const [only, another] = modules;
  const reasons = another === undefined ? only?.reasons : undefined;
  return { fits, reasons, kernel, modules, notes };
}
