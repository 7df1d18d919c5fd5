// `farjal profile M.ko --call NAME [ARG…]`: the call of `run`, with the exact number of instructions that each function,
// line and instruction executed; as text, or for callgrind_annotate, pprof and flame graphs.

import { type Command, Option } from "commander";
import {
  CallGraph,
  type Machine,
  Misuse,
  type Profile,
  type ProfiledCall,
  profiledLines,
  profileOf,
} from "../../index.ts";
import { callText } from "../../report/call-text.ts";
import { profileText } from "../../report/profile-text.ts";
import { stopText } from "../../report/stop-text.ts";
import type { Answer, Give } from "../answer.ts";
import { ARGUMENT_HELP, called, wantedCall } from "../call/options.ts";
import { performCall } from "../gdb.ts";
import { sourceText } from "../input.ts";
import { callJson, callReport } from "../json/call.ts";
import { debugInfosOf, type LinesOptions } from "../options/lines.ts";
import { type CallOptions, moduleCommand, withEngine } from "../options/module-options.ts";
import { gather } from "../options/numbers.ts";
import {
  deliverProfile,
  PROFILE_FORMATS,
  PROFILE_NAMES,
  type ProfileFormat,
  profileFormatOf,
} from "../options/profile-output.ts";
import { beginCall } from "../saved-call.ts";
import { readSource, Session } from "../session.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `${ARGUMENT_HELP}

Examples:
  farjal profile debug.ko --call work 9 --source
  farjal profile debug.ko --call work 9 --disassemble --function work_checksum
  farjal profile debug.ko --call work 9 -o callgrind.out && callgrind_annotate callgrind.out
  farjal profile debug.ko --call work 9 -o work.pb.gz && go tool pprof -top work.pb.gz`;

interface ProfileOptions extends CallOptions, Pick<LinesOptions, "debugInfo"> {
  readonly output?: string;
  readonly format?: ProfileFormat;
  readonly source?: boolean;
  readonly disassemble?: boolean;
  readonly function?: readonly string[];
}

export function addProfile(program: Command, give: Give, terminal: Terminal): void {
  withEngine(called(moduleCommand(program, "profile")))
    .option("-o, --output <FILE>", "write the profile to FILE")
    .addOption(
      new Option(
        "--format <FORMAT>",
        `the profile's format; default: the one that FILE's name implies (${PROFILE_NAMES}), or text`,
      ).choices(PROFILE_FORMATS),
    )
    .option("--source", "text: print the functions' source with a count at each line")
    .option("--disassemble", "text: print the functions' code with a count at each instruction")
    .option(
      "--function <NAME>",
      "with --source and --disassemble: only this function (may be given again)",
      gather,
    )
    .option(
      "--debug-info <FILE|DIR>",
      "lines from a file of the same build, if the module has none",
    )
    .summary("count the instructions of each function, line and instruction")
    .description(
      "Calls a function and says exactly where its instructions were executed. Lines need debugging information " +
        "(-g). Exit code 1: the module doesn't load, or the call doesn't return.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, args: string[], options: ProfileOptions) =>
      give(options, () => profile(path, args, options, terminal)),
    );
}

async function profile(
  path: string,
  texts: readonly string[],
  options: ProfileOptions,
  terminal: Terminal,
): Promise<Answer> {
  const format = formatOf(options);
  const session = await Session.open(await readSource(path, options), options);
  const { machine } = session;
  const infos = await debugInfosOf(session, options);
  const module = session.load();
  const hasLines = infos.of(module) !== null;
  if (options.source === true && !hasLines) throw new Misuse(infos.why(module.name));
  const begun = beginCall(machine, module.file, wantedCall(options, texts), options);
  try {
    machine.counting = true;
    const names = calleesOf(machine);
    const graph =
      format === "callgrind" ? new CallGraph(machine.processor, names.keys()) : undefined;
    const result = await performCall(machine, module, begun.call, {}, path, terminal);
    const calls = graph?.end().flatMap((edge) => {
      const callee = names.get(edge.callee);
      return callee === undefined ? [] : [{ ...edge, ...callee }];
    });
    const found = {
      ...profileOf(machine.executed, begun.title, (one) => infos.of(one)),
      ...(calls === undefined ? {} : { calls }),
    };
    const report = callReport(machine, begun, result, undefined);
    const stop = result.exception ? stopText(result.exception, terminal.notePaint) : "";
    const note = hasLines ? "" : `note: ${infos.why(module.name)}\n`;
    return {
      held: result.exception === undefined,
      json: { ...callJson(report), profile: profileJson(found) },
      text: await deliverProfile(found, format, options.output, () =>
        chosenText(found, options, terminal.paint),
      ),
      notes: `${callText(report, terminal.notePaint)}${stop}${note}`,
    };
  } finally {
    begun.call.close();
  }
}

/** The functions whose calls are followed, by address: those of the modules, and what they import. */
function calleesOf(machine: Machine): Map<number, Pick<ProfiledCall, "name" | "module">> {
  const names = new Map<number, Pick<ProfiledCall, "name" | "module">>();
  for (const { name: module, symbols, file } of machine.modules) {
    for (const { name, section, index } of file.elf.symbols) {
      const address = section === 0 && index > 0 ? machine.importOf(name)?.address : undefined;
      if (address !== undefined && !names.has(address)) names.set(address, { name, module: null });
    }
    for (const { name, address, size, section } of symbols) {
      if (section.executable && size > 0) names.set(address, { name, module });
    }
  }
  return names;
}

/** @throws Misuse for options that don't go together. */
function formatOf({ format, output, source, disassemble }: ProfileOptions): ProfileFormat {
  const chosen = format ?? profileFormatOf(output ?? "");
  if (chosen === "pprof" && output === undefined) {
    throw new Misuse("pprof's format can't go to standard output: name its file with -o");
  }
  if (chosen !== "text" && (source === true || disassemble === true)) {
    throw new Misuse(`--source and --disassemble are for text, and the format is ${chosen}`);
  }
  return chosen;
}

function chosenText(
  found: Profile,
  { source = false, disassemble = false, function: names }: ProfileOptions,
  paint: Terminal["paint"],
): Iterable<string> {
  const missing = names?.find((name) => !found.functions.some((one) => one.name === name));
  if (missing !== undefined) throw new Misuse(`no instruction of '${missing}' was executed`);
  const functions = found.functions.filter(({ name }) => names?.includes(name) ?? true);
  const details = { source, code: disassemble, sourceOf: sourceText };
  return profileText({ ...found, functions }, profiledLines({ functions }), details, paint);
}

function profileJson(found: Profile): Answer["json"] {
  return {
    instructions: found.instructions,
    functions: found.functions.map(({ code, ...one }) => ({
      ...one,
      code: code
        .filter(({ executed }) => executed > 0)
        .map(({ section, offset, executed }) => ({ section, offset, executed })),
    })),
    lines: profiledLines(found),
  };
}
