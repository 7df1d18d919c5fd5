// `farjal plan M.ko`: the far jumps of a module and the trampolines that mend them. The plan is made and then carried
// out on a machine, so the verdict is the loader's, not a prediction from the plan.

import type { Command } from "commander";
import type { Address } from "../../address.ts";
import { hex } from "../../hex.ts";
import { counted } from "../../html/numbers.ts";
import {
  type Change,
  type FarJump,
  Refusal,
  type RefusalDetails,
  type Trampoline,
} from "../../index.ts";
import type { SourceOf } from "../../report/frames-text.ts";
import { changeLines } from "../../report/mend-text.ts";
import type { Paint } from "../../report/paint.ts";
import { farJumpLines, slotLines, trampolineLines } from "../../report/plan-text.ts";
import { refusalText } from "../../report/refusal-text.ts";
import { linuxText, remedyText } from "../../report/verdict-text.ts";
import type { Answer, Give } from "../answer.ts";
import { changeJson } from "../json/changes.ts";
import { farJumpJson, trampolineJson } from "../json/far-jump.ts";
import { type LinesOptions, notesOf, SourceLines, withLines } from "../options/lines.ts";
import { type ModuleOptions, moduleCommand, placed } from "../options/module-options.ts";
import { openLoading, type RunningSession, readFiles, type StillSession } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { type Attempt, linuxLoad, linuxRefusal } from "../verdict.ts";

const EXAMPLES = `
Examples:
  farjal plan old.ko                               which jumps are far, and the trampolines for them
  farjal plan old.ko --far-jumps refuse            Linux's own verdict
  farjal plan old.ko --kernel vmlinuz --base c0100000 --json`;

export function addPlan(program: Command, give: Give, terminal: Terminal): void {
  withLines(placed(moduleCommand(program, "plan")))
    .summary("far jumps, and the trampolines that mend them")
    .description(
      "Finds every jal and j that can't reach its target from where the module is loaded, and plans the " +
        "trampolines that mend them. Exit code 1: the module doesn't load.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: PlanOptions) =>
      give(options, () => plan(path, options, terminal.paint)),
    );
}

type PlanOptions = ModuleOptions & LinesOptions;

/** What is known before and after loading; the list of far jumps is empty if the module is refused before planning. */
interface Verdict {
  readonly farJumps: readonly FarJump<Address>[];
  readonly trampolines: readonly Trampoline<Address>[];
  readonly dmesg: readonly string[];
  readonly refusal: RefusalDetails | null;
}

async function plan(path: string, options: PlanOptions, paint: Paint): Promise<Answer> {
  const files = await readFiles(path, options);
  const session = await openLoading(files, options);
  const { file } = session;
  const lines = await SourceLines.open([file], options);
  const sourceOf = lines?.of(file);
  const verdict = judge(session, options.farJumps);
  const changes = session.mended?.changes ?? null;
  const { farJumps, trampolines, dmesg, refusal } = verdict;
  const helped = farJumps.length > 0 || (changes ?? []).length > 0 || options.stubMissing === true;
  const own = files.file.profile.rules.O3 === "slots" ? await linuxLoad(files, options) : null;
  const alone = async () => refusal ?? (helped ? await linuxRefusal(files, options) : null);
  const linux = own === null ? await alone() : own.refusal;
  return {
    held: refusal === null,
    json: {
      verdict: refusal === null ? "loads" : "refused",
      errno: refusal?.errno ?? null,
      dmesg,
      explanation: refusal?.explanation ?? null,
      linux: linux === null ? "loads" : "refused",
      farJumps: farJumps.map((far) => farJumpJson(far, sourceOf)),
      trampolines: trampolines.map(trampolineJson),
      ...(own === null ? {} : { openwrt: slotsJson(own) }),
      ...(changes === null ? {} : { changes: changes.map(changeJson) }),
    },
    text: [
      ...(own === null ? [] : slotsText(own, paint)),
      ...text(path, file.name, verdict, changes ?? [], linux, paint, sourceOf),
    ],
    ...notesOf(lines),
  };
}

/** What the kernel's own loader does where it has slots for far jumps, OpenWrt's. */
function slotsJson({ loaded, refusal }: Attempt) {
  const { tables = [], plan } = loaded?.module ?? {};
  return {
    verdict: refusal === null ? "loads" : "refused",
    tables: tables.map(({ side, base, size }) => ({ side, base: hex(base), size })),
    slots: (plan?.trampolines ?? []).map(trampolineJson),
  };
}

function* slotsText({ loaded, refusal }: Attempt, paint: Paint): Generator<string> {
  yield `${paint.bold("OpenWrt's loader")}\n`;
  if (refusal !== null || loaded === null) {
    yield `  refuses it: ${refusal?.dmesg.at(-1) ?? refusal?.explanation ?? ""}\n`;
    return;
  }
  for (const line of slotLines(loaded.module)) yield `  ${line}\n`;
  yield `${paint.bold("farjal")}\n`;
}

function judge(session: RunningSession | StillSession, how: ModuleOptions["farJumps"]): Verdict {
  let farJumps: readonly FarJump<Address>[] = [];
  let trampolines: readonly Trampoline<Address>[] = [];
  try {
    ({ farJumps, trampolines } = session.plan().plan);
    if (how === "refuse") {
      farJumps = farJumps.map((far) => ({ ...far, trampoline: null, word: null }));
      trampolines = [];
    }
    return { farJumps, trampolines, dmesg: session.load().dmesg, refusal: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { farJumps, trampolines, dmesg: error.dmesg, refusal: error };
  }
}

function* text(
  path: string,
  name: string,
  verdict: Verdict,
  changes: readonly Change[],
  linux: RefusalDetails | null,
  paint: Paint,
  sourceOf: SourceOf | undefined,
): Generator<string> {
  const { farJumps, trampolines, refusal } = verdict;
  yield* changeLines(changes, paint);
  const parts = function* (): Generator<string> {
    yield* farJumpLines(farJumps, paint, sourceOf);
    yield* trampolineLines(trampolines, paint);
  };
  for (const line of parts()) yield `${line}\n`;
  if (refusal !== null) {
    yield `${paint.bold(name)} ${paint.red("is refused")}\n`;
    yield refusalText(refusal, paint);
    if (farJumps.length > 0) yield remedyText(path, paint);
    return;
  }
  if (linux === null) yield linuxText(name, null, paint);
  else
    yield `Linux ${paint.red("refuses")} ${paint.bold(name)}: ${linux.dmesg.at(-1) ?? linux.explanation}\n`;
  const how =
    farJumps.length === 0
      ? `${changes.length === 0 ? "as it is" : "rewritten"}: every jump reaches`
      : `with ${counted(trampolines.length, "trampoline")}`;
  yield `${paint.bold(name)} ${paint.green("loads")} ${how}\n`;
}
