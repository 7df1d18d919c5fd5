// `farjal cost`: compares designs of call sites on the same code in one run. Bytes are read from the loaded modules,
// guest instructions are counted, patches are interrupted, and host time is measured with the designs alternating.
// Without a module it takes those that come with farjal, built with each design (src/lab-kernel/cost.sh).

import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { hex } from "../../hex.ts";
import {
  type Build,
  type CostRow,
  costTable,
  type Endian,
  type MissingDesign,
  Misuse,
  Refusal,
  rewrittenModule,
} from "../../index.ts";
import { costPage } from "../../report/cost/page.ts";
import { costText } from "../../report/cost/text.ts";
import type { Answer, Give } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import { callTarget, callTitle, readCall } from "../call/call-text.ts";
import { ARGUMENT_HELP, withCall } from "../call/options.ts";
import { opener } from "../measured.ts";
import { budgetOption, type CallOptions, initOption, placed } from "../options/module-options.ts";
import { countReader } from "../options/numbers.ts";
import { readSource, type Source } from "../session.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `${ARGUMENT_HELP}

The instructions of each build are compared with a build without call sites. If there is none, the reference is
computed by subtracting what the sites execute. A module's sites, not its file name, determine its design.

Examples:
  farjal cost                                       farjal's own modules, one for each design
  farjal cost --endian big --json
  farjal cost --html cost.html
  farjal cost modern.ko --call 'work_run(50)'
  farjal cost plain.ko modern.ko jal.ko --call 'work_run(50)'`;

/** The builds of one source that come with farjal, those without call sites first. */
const OWN = ["plain", "plain-long", "jal", "long", "long-ra", "nops3", "nops4"];
const OWN_CALL = "cost_loop(1000)";
/** MiB that they need; saving and restoring a machine takes less time when it has less memory. */
const OWN_MEMORY = 16;

interface CostOptions extends Omit<CallOptions, "engine" | "call"> {
  readonly call?: string;
  readonly html?: string;
  readonly time: number;
}

export function addCost(program: Command, give: Give, terminal: Terminal): void {
  withCall(placed(program.command("cost")))
    .argument("[M.ko...]", "builds of one module; default: those that come with farjal")
    .option("--json", "print one JSON document")
    .option("--object", "take plain .o files, which Linux would refuse as modules")
    .addOption(initOption())
    .option("--html <FILE>", "write the report as one HTML page, with plots")
    .addOption(budgetOption())
    .option(
      "--time <MS>",
      "milliseconds for each state of each design",
      countReader(1, 600_000),
      100,
    )
    .summary("compare designs of call sites on the same code")
    .description(
      "Compares designs of call sites: bytes of code and trampolines, guest instructions for each call with " +
        "tracing off and on, what switching a site writes and whether that is safe, and host time. Exit " +
        "code 1: a module doesn't load, the call doesn't return, or results differ.",
    )
    .addHelpText("after", EXAMPLES)
    .action((paths: string[], options: CostOptions) =>
      give(options, () => cost(paths, options, terminal)),
    );
}

async function cost(
  paths: readonly string[],
  options: CostOptions,
  { paint }: Terminal,
): Promise<Answer> {
  const own = paths.length === 0;
  if (own && options.call !== undefined) {
    throw new Misuse("--call needs a module: farjal cost M.ko --call …");
  }
  const call = own ? OWN_CALL : options.call;
  if (call === undefined) throw new Misuse("name the call to measure: --call 'NAME(ARG, …)'");
  const wanted = readCall(call, [], options.let);
  const machineOptions = { ...options, memory: own ? OWN_MEMORY : options.memory };
  const builds: Build[] = [];
  for (const path of own ? ownFiles(options.endian ?? "little") : paths) {
    const source = await readSource(path, machineOptions);
    const mended = mendedSource(source);
    builds.push({
      path: own ? null : path,
      open: opener(source, wanted, machineOptions),
      ...(mended === null ? {} : { openMended: opener(mended, wanted, machineOptions) }),
    });
  }
  const { rows, missing, notes } = await costTable(
    builds,
    { name: callTarget(wanted), budget: options.budget },
    options.time,
  );
  const equal = rows.every(({ v0 }) => v0 === rows[0]?.v0);
  const title = callTitle(wanted);
  if (options.html !== undefined)
    await writeWhole(options.html, costPage(title, rows, { missing, notes }));
  return {
    held: equal,
    json: {
      verdict: equal ? "equal" : "differ",
      call: title,
      rows: rows.map(rowJson),
      missing: missing.map((one) => ({ ...one })),
      notes: [...notes],
    },
    text: options.html === undefined ? costText(title, rows, paint) : [`${options.html}\n`],
    ...(missing.length + notes.length === 0 ? {} : { notes: noteText(missing, notes) }),
  };
}

/** The source with its file mended; null if mending is refused. */
function mendedSource(source: Source): Source | null {
  try {
    const { file, report } = rewrittenModule(source.file);
    return { ...source, file, mended: report };
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

function noteText(missing: readonly MissingDesign[], notes: readonly string[]): string {
  const designs = missing.map(({ design, why }) => `not compared: ${design}; ${why}`);
  return [...notes, ...designs].map((line) => `${line}\n`).join("");
}

function rowJson({ code, ...row }: CostRow): Answer["json"] {
  const words = (list: readonly number[]): string[] => list.map(hex);
  const site = code && { address: hex(code.address), off: words(code.off), on: words(code.on) };
  return { ...row, code: site };
}

function ownFiles(order: Endian): string[] {
  return OWN.map((design) =>
    fileURLToPath(
      new URL(`../../../../src/lab-kernel/built/cost-${design}-${order}.ko`, import.meta.url),
    ),
  );
}
