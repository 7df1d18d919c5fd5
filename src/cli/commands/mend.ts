// `farjal mend M.ko -o OUT.ko`: rewrites a module so that a stock kernel loads and traces it. src/mend/ does the work;
// this file reads the module, writes the result and prints the report.

import { type Command, Option } from "commander";
import { pathStats } from "../../host/path-kind.ts";
import {
  type MendReport,
  Misuse,
  mendModule,
  moduleName,
  Refusal,
  readModule,
  readModuleBytes,
} from "../../index.ts";
import { mendNotes, mendText } from "../../report/mend-text.ts";
import { refusalText } from "../../report/refusal-text.ts";
import { type Answer, type AnswerOptions, type Give, refusalJson } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import { changeJson } from "../json/changes.ts";
import { moduleCommand } from "../options/module-options.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
The new file has the same sections and symbols. Every call of _mcount by jal becomes the six words that
ftrace patches in modules (gcc's -mlong-calls -mmcount-ra-address), and every jal and j out of the module or
between its core and init blocks becomes a jump through a register. The new file is for kernels that are built
with -mmcount-ra-address, as are those with the function graph tracer.

Examples:
  farjal mend old.ko -o new.ko                  a module of 2009, for a stock kernel
  farjal mend old.ko -o new.ko --sites remove   without call sites
  farjal mend fat.ko -o new.ko --no-jumps       loads across a 256 MiB line
  farjal mend old.ko --check --json             only the report`;

interface MendCommandOptions extends AnswerOptions {
  readonly output?: string;
  readonly sites: "trace" | "remove";
  readonly jumps: boolean;
  readonly check?: boolean;
  readonly stripDebug?: boolean;
  readonly object?: boolean;
}

export function addMend(program: Command, give: Give, terminal: Terminal): void {
  moduleCommand(program, "mend")
    .option("-o, --output <FILE>", "write the mended module to FILE")
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
    .summary("rewrite a module so that a stock kernel loads and traces it")
    .description(
      "Rewrites a module's file so that a stock kernel loads it at any address, and traces it. Exit " +
        "code 1: some place can't be mended; the report names it, and no file is written.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: MendCommandOptions) =>
      give(options, () => mend(path, options, terminal)),
    );
}

async function mend(
  path: string,
  options: MendCommandOptions,
  { paint, notePaint }: Terminal,
): Promise<Answer> {
  const { output, check, object, sites, jumps, stripDebug } = options;
  if (output === undefined && check !== true) {
    throw new Misuse("name the mended module's file with -o FILE, or give --check to report only");
  }
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

/** The file's permissions, which the mended file gets too. */
function modeOf(path: string): number | undefined {
  const stats = path === "-" ? undefined : pathStats(path);
  return stats?.isFile() === true ? stats.mode & 0o777 : undefined;
}

function mendJson(report: MendReport): Answer["json"] {
  return { ...report, changes: report.changes.map(changeJson) };
}
