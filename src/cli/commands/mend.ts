// `farjal mend M.ko -o OUT.ko`: rewrites a module so that a stock kernel loads and traces it, and `farjal mend DIR -o
// OUT`, every module of a tree. src/mend/ and src/mend-tree/ do the work; this file reads the arguments, writes the
// result and prints the report.

import { type Command, Option } from "commander";
import { isDirectory, pathStats } from "../../host/path-kind.ts";
import {
  type MendedTree,
  type MendReport,
  type MendResult,
  Misuse,
  mendedFromJson,
  mendModule,
  mendTree,
  mergeMended,
  moduleName,
  Refusal,
  readModule,
  readModuleBytes,
} from "../../index.ts";
import { mendNotes, mendText } from "../../report/mend-text.ts";
import { mendTreeText } from "../../report/mend-tree-text.ts";
import { refusalText } from "../../report/refusal-text.ts";
import { type Answer, type AnswerOptions, type Give, refusalJson } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import type { Check } from "../ci/check.ts";
import { changeJson } from "../json/changes.ts";
import { countReader } from "../options/numbers.ts";
import {
  chosenShard,
  joinsParts,
  mergedAnswer,
  readDocument,
  type ShardOptions,
  withShards,
} from "../options/shard.ts";
import { OutputTree } from "../output-tree.ts";
import { Progress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
The new file has the same sections and symbols. Every call of _mcount by jal becomes the six words that
ftrace patches in modules (gcc's -mlong-calls -mmcount-ra-address), and every jal and j out of the module or
between its core and init blocks becomes a jump through a register. The new file is for kernels that are built
with -mmcount-ra-address, as are those with the function graph tracer.

Of a directory, every module in it is mended, on all cores, into a new directory with the same paths; compressed
ones are written unpacked, and those with nothing to mend as they are. The new directory appears when it is complete.
With --shard, parts write into one directory, each file at once; a part that was stopped is done again by the same
command.

Examples:
  farjal mend old.ko -o new.ko                  a module of 2009, for a stock kernel
  farjal mend old.ko -o new.ko --sites remove   without call sites
  farjal mend fat.ko -o new.ko --no-jumps       loads across a 256 MiB line
  farjal mend old.ko --check --json             only the report
  farjal mend lib/modules/RELEASE -o mended     a whole tree
  farjal mend lib/modules/RELEASE -o mended --shard auto --json > $SLURM_ARRAY_TASK_ID.json
  farjal mend --merge 1.json 2.json 3.json 4.json`;

interface MendCommandOptions extends AnswerOptions, ShardOptions {
  readonly output?: string;
  readonly sites: "trace" | "remove";
  readonly jumps: boolean;
  readonly check?: boolean;
  readonly stripDebug?: boolean;
  readonly object?: boolean;
  readonly jobs?: number;
  readonly timeLimit?: number;
}

export function addMend(program: Command, give: Give, terminal: Terminal): void {
  withShards(program.command("mend"))
    .argument(
      "<M.ko...>",
      "a module, - for standard input, or one directory with modules in it; with --merge, the parts' JSON documents",
    )
    .option("--json", "print one JSON document")
    .option("--object", "take a plain .o, which Linux would refuse as a module")
    .option(
      "-o, --output <FILE>",
      "write the mended module to FILE, those of a directory to a new one",
    )
    .addOption(
      new Option(
        "--sites <HOW>",
        "trace makes every call site traceable, remove takes all of them out",
      )
        .choices(["trace", "remove"])
        .default("trace"),
    )
    .option(
      "--no-jumps",
      "leave no j or jal: for a block that crosses a 256 MiB boundary, or an MT7620",
    )
    .option("--check", "report only, write nothing")
    .option("--strip-debug", "take out the debugging sections, which describe the old code")
    .option(
      "--jobs <N>",
      "threads for a directory; default: one for each processor",
      countReader(1, 1024),
    )
    .option(
      "--time-limit <S>",
      "seconds that one module of a directory may take; default: 60",
      countReader(1, 86_400),
    )
    .summary("rewrite a module so that a stock kernel loads and traces it")
    .description(
      "Rewrites a module's file so that a stock kernel loads it at any address, and traces it. Exit " +
        "code 1: some place can't be mended; the report names it, and no file is written.",
    )
    .addHelpText("after", EXAMPLES)
    .action((paths: readonly string[], options: MendCommandOptions) =>
      give(options, () => mend(paths, options, terminal)),
    );
}

async function mend(
  paths: readonly string[],
  options: MendCommandOptions,
  terminal: Terminal,
): Promise<Answer> {
  if (joinsParts(options)) return merged(paths, options, terminal);
  const [path = "", another] = paths;
  if (another !== undefined) throw new Misuse("mend takes one module or one directory");
  if (options.output === undefined && options.check !== true) {
    const what = isDirectory(path)
      ? "the mended modules' directory with -o DIR"
      : "the mended module's file with -o FILE";
    throw new Misuse(`name ${what}, or give --check to report only`);
  }
  if (isDirectory(path)) return mendDirectory(path, options, terminal);
  const { shard, timings, jobs, timeLimit } = options;
  if ([shard, timings, jobs, timeLimit].some((one) => one !== undefined)) {
    throw new Misuse("--shard, --timings, --jobs and --time-limit are for a directory");
  }
  return mendFile(path, options, terminal);
}

async function mendFile(
  path: string,
  options: MendCommandOptions,
  { paint, notePaint }: Terminal,
): Promise<Answer> {
  const { output, check, object, sites, jumps, stripDebug } = options;
  const bytes = await readModuleBytes(path);
  try {
    const { name } = readModule(bytes, { name: moduleName(path), object: object === true });
    const { file, report } = mendModule(bytes, {
      sites,
      noJumps: !jumps,
      stripDebug: stripDebug === true,
    });
    const written = check === true || file === null ? null : (output ?? null);
    if (written !== null && file !== null) await writeWhole(written, file, modeOf(path));
    return {
      held: report.verdict !== "refused",
      json: mendJson(report),
      text: mendText(name, report, written, paint),
      notes: mendNotes(report),
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const refusals = [{ section: null, offset: null, symbol: null, reason: error.explanation }];
    return {
      held: false,
      json: { ...refusalJson(error), sections: [], changes: [], refusals },
      text: [],
      notes: refusalText(error, notePaint),
    };
  }
}

async function mendDirectory(
  directory: string,
  options: MendCommandOptions,
  terminal: Terminal,
): Promise<Answer> {
  const { output, check, object, sites, jumps, stripDebug, jobs, timeLimit, timings } = options;
  if (object === true) throw new Misuse("--object is for a file, not for a directory");
  const shard = chosenShard(options.shard, terminal);
  const last = timings === undefined ? undefined : mendedFromJson(timings, readDocument(timings));
  const target =
    check === true || output === undefined
      ? null
      : OutputTree.open(output, { shared: shard !== undefined, source: directory });
  const progress = new Progress(terminal);
  try {
    const mended = await mendTree(directory, {
      ...{ sites, noJumps: !jumps, stripDebug: stripDebug === true },
      ...{ jobs, timeLimit, shard, timings: last },
      ...(target === null
        ? {}
        : {
            onFile: (file: Uint8Array, one: MendResult) => target.write(one.output, file, one.path),
          }),
      onProgress: (done, total) => progress.at(done, total),
    });
    target?.finish();
    return treeAnswer(mended, target === null ? null : (output ?? null), terminal);
  } finally {
    progress.stop();
    target?.close();
  }
}

function merged(
  names: readonly string[],
  { output, check }: MendCommandOptions,
  terminal: Terminal,
): Answer {
  if (output !== undefined || check === true) {
    throw new Misuse(
      "--merge joins reports and writes no modules, so -o and --check have no meaning with it",
    );
  }
  return mergedAnswer(names, terminal, mendedFromJson, (parts) =>
    treeAnswer(mergeMended(parts), null, terminal),
  );
}

function treeAnswer(mended: MendedTree, written: string | null, { paint }: Terminal): Answer {
  const checks = mended.results.map(checkOf);
  return {
    held: checks.every(({ failure }) => failure === null),
    checks,
    json: { ...mended },
    text: mendTreeText(mended, written, paint),
  };
}

/** A module's verdict for CI reports. */
function checkOf({ path, verdict, refusals }: MendResult): Check {
  const [first] = refusals;
  const held = verdict === "mended" || verdict === "nothing";
  const details = refusals.map(({ reason }) => reason).join("\n");
  return {
    name: path,
    file: path,
    failure: held ? null : { message: first?.reason ?? verdict, details },
  };
}

/** The file's permissions, which the mended file gets too. */
function modeOf(path: string): number | undefined {
  const stats = path === "-" ? undefined : pathStats(path);
  return stats?.isFile() === true ? stats.mode & 0o777 : undefined;
}

function mendJson(report: MendReport): Answer["json"] {
  return { ...report, changes: report.changes.map(changeJson) };
}
