// `farjal jumps FILE|DIR`: lists every j and jal of a module, a linked kernel or a tree of modules. With --erratum it
// runs a call in which one of them goes astray, and the same call of the mended module.

import { basename, join } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import { hex } from "../../hex.ts";
import { isDirectory } from "../../host/path-kind.ts";
import {
  type Astray,
  jumpsOfFile,
  type ListedJump,
  type LoadedModule,
  Misuse,
  moduleName,
  Refusal,
  readModuleBytes,
  rewrittenModule,
  runAstray,
} from "../../index.ts";
import { astrayText, jumpsText, treeText } from "../../report/jumps-text.ts";
import type { Paint } from "../../report/paint.ts";
import { moduleFiles } from "../../sweep/dependencies.ts";
import type { Answer, Give } from "../answer.ts";
import { type CallText, callTarget, callTitle } from "../call/call-text.ts";
import { ARGUMENT_HELP, callOf, withCall } from "../call/options.ts";
import { placeCall } from "../call/place.ts";
import { DEFAULT_BASE, type ModuleOptions, placed } from "../options/module-options.ts";
import { countReader, gather } from "../options/numbers.ts";
import { readSource, Session, type Source } from "../session.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Without a kernel's addresses, jumps to imports count as jumps to kseg0, 80000000-8fffffff.
--erratum mt7620 runs a call of the module several times, each time with the high four bits of one
direct jump's target wrong, and then the same call in the module as farjal mend --no-jumps rewrites it.
${ARGUMENT_HELP}

Examples:
  farjal jumps old.ko                          each j and jal, and whether it reaches from c0000000
  farjal jumps vmlinux --json
  farjal jumps lib/modules/6.1.0-50-4kc-malta
  farjal jumps old.ko --erratum mt7620 --call work_run 50`;

interface JumpsOptions extends ModuleOptions {
  readonly call?: string;
  readonly let?: readonly string[];
  readonly erratum?: "mt7620";
  readonly seed: number;
  readonly trials: number;
  readonly site?: readonly string[];
}

export function addJumps(program: Command, give: Give, terminal: Terminal): void {
  const command = program
    .command("jumps")
    .argument("<FILE>", "a module, a vmlinux, or a directory with modules in it")
    .argument("[ARG...]", "the called function's arguments")
    .option("--json", "print one JSON document")
    .option("--object", "take a plain .o, which Linux would refuse as a module")
    .addOption(
      new Option(
        "--erratum <NAME>",
        "run --call with wrong targets of direct jumps, as on this chip",
      ).choices(["mt7620"]),
    )
    .option("--seed <N>", "seed for the choice of jumps", countReader(1, 0xffffffff), 7620)
    .option("--trials <N>", "runs, each with one wrong jump", countReader(1, 10_000), 16)
    .option("--site <PLACE>", "only this jump, SECTION+0xOFFSET (may be given again)", gather);
  withCall(placed(command))
    .summary("every j and jal: where it goes, and whether it reaches")
    .description(
      "Lists every j and jal, where it goes and whether it reaches from where the file is loaded. Exit " +
        "code 1: the file is no module and no kernel, or the mended module's call gives another result.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, args: string[], options: JumpsOptions) =>
      give(options, () => jumps(path, args, options, terminal)),
    );
}

async function jumps(
  path: string,
  texts: readonly string[],
  options: JumpsOptions,
  { paint }: Terminal,
): Promise<Answer> {
  const call = callOf(options, texts);
  if (options.erratum !== undefined) return erratum(path, call, options, paint);
  if (call !== null) throw new Misuse("--call needs --erratum mt7620");
  if (path !== "-" && isDirectory(path)) {
    return treeJumps(path, options, paint);
  }
  const list = await jumpsIn(path, options);
  return {
    held: true,
    json: { verdict: "listed", jumps: list.map(jumpJson) },
    text: jumpsText(path, list, paint),
  };
}

async function jumpsIn(
  path: string,
  { base = DEFAULT_BASE, object }: Pick<JumpsOptions, "base" | "object">,
): Promise<ListedJump[]> {
  const options = { name: moduleName(path), object: object === true };
  return jumpsOfFile(await readModuleBytes(path), base, options);
}

/** Every module of a directory; one that can't be read is named, and makes the exit code 1. */
async function treeJumps(path: string, options: JumpsOptions, paint: Paint): Promise<Answer> {
  const files = moduleFiles(path, true);
  if (files.length === 0) throw new Misuse(`there are no modules in ${path}`);
  const lists: { readonly file: string; readonly list: readonly ListedJump[] }[] = [];
  const failures: { readonly file: string; readonly explanation: string }[] = [];
  for (const file of files) {
    try {
      lists.push({ file, list: await jumpsIn(join(path, file), options) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failures.push({ file, explanation: error.explanation });
    }
  }
  const jumps = lists.flatMap(({ file, list }) => list.map((one) => ({ file, ...jumpJson(one) })));
  const notes = failures.map(({ file, explanation }) => `${file}: ${explanation}\n`).join("");
  return {
    held: failures.length === 0,
    json: { verdict: failures.length === 0 ? "listed" : "failed", jumps, failures },
    text: treeText(path, lists, paint),
    ...(notes === "" ? {} : { notes }),
  };
}

function jumpJson({ word, target, ...jump }: ListedJump) {
  return { ...jump, word: hex(word), target: target === null ? null : hex(target) };
}

/** The call of the unchanged module and of the mended one, which has no jump that can go astray. */
async function erratum(
  path: string,
  call: CallText | null,
  options: JumpsOptions,
  paint: Paint,
): Promise<Answer> {
  if (call === null) throw new Misuse("--erratum runs a call: name the function with --call NAME");
  const source = await readSource(path, options);
  const { file, report } = rewrittenModule(source.file, { noJumps: true });
  const old = await astray(source, call, options);
  const mended = await astray({ ...source, file, mended: report }, call, {
    ...options,
    farJumps: "refuse",
    site: undefined,
  });
  const holds = mended.v0 === old.v0 && mended.trials.every(({ outcome }) => outcome === "same");
  const title = callTitle(call);
  return {
    held: holds,
    json: {
      verdict: holds ? "mended" : "differs",
      call: title,
      asItIs: astrayJson(old),
      mended: astrayJson(mended),
    },
    text: [
      ...astrayText(basename(path), title, old, paint),
      ...astrayText(`${basename(path)}, mended`, title, mended, paint),
    ],
  };
}

async function astray(
  source: Source,
  call: CallText,
  options: Omit<JumpsOptions, "site"> & { readonly site?: readonly string[] | undefined },
): Promise<Astray> {
  const { site, seed, trials, ...rest } = options;
  const session = await Session.open(source, rest);
  const module = session.load();
  const { machine } = session;
  const named = callTarget(call);
  const target = typeof named === "number" ? named : machine.addressOf(named);
  if (target === undefined) throw new Misuse(`${source.path} has no function '${call.name}'`);
  const args = placeCall(call, machine, source.file).values;
  const sites = site?.map((place) => addressOf(module, place));
  return runAstray(
    { machine, module, target, args },
    { seed, trials, ...(sites === undefined ? {} : { sites }) },
  );
}

/** The address of SECTION+0xOFFSET. */
function addressOf({ sections }: LoadedModule, place: string): number {
  const [, name, offset = ""] = /^(.+)\+(0x[0-9a-f]+)$/i.exec(place) ?? [];
  const section = sections.find((one) => one.name === name);
  if (section === undefined || Number(offset) + 4 > section.size || Number(offset) % 4 !== 0) {
    throw new Misuse(`--site takes SECTION+0xOFFSET of an instruction, not '${place}'`);
  }
  return section.address + Number(offset);
}

function astrayJson({ v0, trials, ...counts }: Astray): Answer["json"] {
  return {
    v0,
    ...counts,
    trials: trials.map(({ site, target, wentTo, ...trial }) => ({
      site: hex(site),
      target: hex(target),
      wentTo: hex(wentTo),
      ...trial,
    })),
  };
}
