// `farjal sweep DIR`: loads every module of a tree at the given bases, on all processors; or merges shards' results.

import type { Command } from "commander";
import { Option } from "commander";
import type { Address } from "../../address.ts";
import {
  type ModuleResult,
  mergeSweeps,
  type Sweep,
  summariseSweep,
  sweep,
  sweepFromJson,
  sweepNotes,
} from "../../index.ts";
import { readingShare, sweepText } from "../../report/sweep-text.ts";
import { causesOf } from "../../sweep/causes.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import type { Check } from "../ci/check.ts";
import { type CacheOptions, cacheOption, kernelStore } from "../kernel-store.ts";
import {
  DEFAULT_BASE,
  type ModuleOptions,
  ruleChoice,
  withRules,
} from "../options/module-options.ts";
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
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal sweep /lib/modules/6.1.0-50-4kc-malta --kernel vmlinuz
  farjal sweep modules --base c0000000 --base d0000000 --far-jumps refuse
  farjal sweep modules --shard 1/4 --json > 1.json
  farjal sweep modules --shard auto --timings last.json --json > $SLURM_ARRAY_TASK_ID.json
  farjal sweep --merge 1.json 2.json 3.json 4.json`;

interface SweepOptions
  extends AnswerOptions,
    CacheOptions,
    ShardOptions,
    Pick<ModuleOptions, "kernelRelease" | "rules" | "rule"> {
  readonly kernel?: string;
  readonly symvers?: string;
  readonly base?: readonly Address[];
  readonly farJumps?: "refuse" | "trampoline";
  readonly stubMissing?: boolean;
  readonly memory: number;
  readonly jobs?: number;
  readonly timeLimit: number;
}

export function addSweep(program: Command, give: Give, terminal: Terminal): void {
  withRules(withShards(program.command("sweep")))
    .argument(
      "<DIR...>",
      "directories with modules in them; with --merge, the shards' JSON documents",
    )
    .option("--json", "print one JSON document")
    .option(
      "--kernel <FILE>",
      "import from this kernel: vmlinuz, vmlinux, System.map, kallsyms, Module.symvers",
    )
    .addOption(cacheOption())
    .option("--symvers <FILE>", "the Module.symvers of that kernel")
    .option(
      "--base <HEX>",
      "where core blocks go, an address in hexadecimal (may be given again)",
      (text: string, sofar: readonly Address[] | undefined) => [
        ...(sofar ?? []),
        readAddress(text),
      ],
    )
    .addOption(
      new Option(
        "--far-jumps <HOW>",
        "refuse: only Linux's verdict; trampoline: a module that trampolines mend counts as loaded; default: both verdicts",
      ).choices(["refuse", "trampoline"]),
    )
    .option(
      "--stub-missing",
      "bind imports that nothing exports to a stub; Linux's verdict then counts them as there",
    )
    .option("--memory <MIB>", "each machine's memory in MiB", countReader(16, 512), 128)
    .option("--jobs <N>", "threads; default: one for each processor", countReader(1, 1024))
    .option("--time-limit <S>", "seconds that one module may take", countReader(1, 86_400), 60)
    .summary("load every module of a tree, on all cores")
    .description(
      "Loads every module of a tree with its dependencies, patches its call sites off and takes it out " +
        "again. Exit code 1: Linux refuses a module; with --far-jumps trampoline, farjal can't mend one.",
    )
    .addHelpText("after", EXAMPLES)
    .action((names: readonly string[], options: SweepOptions) =>
      give(options, async () => {
        if (joinsParts(options)) return merged(names, terminal);
        return answer(await swept(names, options, terminal), terminal);
      }),
    );
}

async function swept(
  names: readonly string[],
  options: SweepOptions,
  terminal: Terminal,
): Promise<Sweep> {
  const {
    kernel,
    symvers,
    base = [DEFAULT_BASE],
    farJumps,
    memory,
    jobs,
    timeLimit,
    timings,
  } = options;
  const shard = chosenShard(options.shard, terminal);
  const progress = new Progress(terminal);
  try {
    return await sweep(names, {
      bases: base,
      ...(farJumps === undefined ? {} : { farJumps }),
      stubMissing: options.stubMissing === true,
      rules: ruleChoice(options),
      memory: memory << 20,
      timeLimit,
      store: kernelStore(options),
      ...(kernel === undefined ? {} : { kernel }),
      ...(symvers === undefined ? {} : { symvers }),
      ...(jobs === undefined ? {} : { jobs }),
      ...(shard === undefined ? {} : { shard }),
      ...(timings === undefined ? {} : { timings: sweepFromJson(timings, readDocument(timings)) }),
      onResult: (_result, done, count) => progress.at(done, count),
    });
  } finally {
    progress.stop();
  }
}

function merged(names: readonly string[], terminal: Terminal): Answer {
  return mergedAnswer(names, terminal, sweepFromJson, (parts) =>
    answer(mergeSweeps(parts.map(({ name, part }) => ({ name, sweep: part }))), terminal),
  );
}

function answer(sweep: Sweep, terminal: Terminal): Answer {
  const summary = summariseSweep(sweep.results);
  const { speed, results, subject } = sweep;
  const causes = causesOf(results);
  const loaded = subject.mend ? summary.loads : summary.linuxLoads;
  return {
    held: loaded === results.length,
    checks: results.map((result) => checkOf(result, subject.mend)),
    json: {
      ...sweep,
      summary,
      causes: causes.map(({ cause, results: some }) => ({ cause, modules: some.length })),
      rates: {
        modulesPerSecond: results.length / speed.seconds,
        relocationsPerSecond: speed.relocations / speed.seconds,
        readingShare: readingShare(speed),
      },
    },
    text: sweepText(sweep, summary, causes, terminal.paint),
    notes: sweepNotes(sweep)
      .map((note) => `note: ${note}\n`)
      .join(""),
  };
}

/** A module's verdict for CI reports. */
function checkOf(
  { path, base, verdict, linux, dmesg, explanation }: ModuleResult,
  mend: boolean,
): Check {
  const held = mend ? verdict === "loads" : linux === "loads";
  const details = [...dmesg, explanation ?? ""].join("\n");
  const message = dmesg.at(-1) ?? explanation ?? "no verdict";
  return { name: `${path} at ${base}`, file: path, failure: held ? null : { message, details } };
}
