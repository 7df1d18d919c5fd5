// `farjal run M.ko --call NAME [ARG…]`: loads the module and calls one of its functions.

import type { Command } from "commander";
import { counted } from "../../html/numbers.ts";
import { type LoadedModule, NothingMatches } from "../../index.ts";
import { type CallReport, callText } from "../../report/call-text.ts";
import { type SourceAt, stopText } from "../../report/stop-text.ts";
import { columns } from "../../report/table.ts";
import type { Answer, Give } from "../answer.ts";
import { callableJson, callablesOf } from "../call/callables.ts";
import { importCallsFor, importsJson, importsText } from "../call/import-report.ts";
import { ARGUMENT_HELP, called, callOf, withResult } from "../call/options.ts";
import type { ResultType } from "../call/result.ts";
import { debugged, type GdbOptions, performCall } from "../gdb.ts";
import { loadShowingStop } from "../init-stop.ts";
import { callJson, callReport } from "../json/call.ts";
import { type CoverageOptions, CoverageOutput, withCoverage } from "../options/coverage-output.ts";
import { filesOf, type LinesOptions, notesOf, SourceLines, withLines } from "../options/lines.ts";
import { type CallOptions, moduleCommand, withEngine } from "../options/module-options.ts";
import { beginCall, type SaveOptions, saveCall, saved } from "../saved-call.ts";
import { type RunningSession, readSource, Session } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { type Help, helpIn } from "../verdict.ts";

const EXAMPLES = `${ARGUMENT_HELP}

Examples:
  farjal run crc16.ko                          the functions that can be called
  farjal run crc16.ko --call crc16 0 @message.bin 64
  farjal run libchacha.ko --call 'chacha_crypt_generic(@state, out:64, @zeros, 64, 20)'
  farjal run net.ko --call 'grow(inout:g, 3)' --let 'g={mtu:u32=5, name:char[16]="eth0"}'
  farjal run loop.ko --call spin --budget 100000
  farjal run debug.ko --call work 9 --coverage work.info
  farjal run long.ko --call work 9 --budget 1000000 --save half
  farjal run long.ko --restore half
  farjal run debug.ko --call work 9 --lines        where in the source it stops, if it doesn't return`;

interface RunOptions extends CallOptions, GdbOptions, SaveOptions, CoverageOptions, LinesOptions {
  readonly returns?: ResultType;
}

export function addRun(program: Command, give: Give, terminal: Terminal): void {
  const command = withResult(saved(debugged(called(moduleCommand(program, "run")))));
  withLines(withCoverage(withEngine(command)))
    .summary("load a module and call one of its functions")
    .description(
      "Loads a module and calls one of its functions, exported or local. Without --call it lists the functions; " +
        "with --init alone it runs the init function. Exit code 1: the module doesn't load, or the call doesn't return.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, args: string[], options: RunOptions) =>
      give(options, () => run(path, args, options, terminal)),
    );
}

async function run(
  path: string,
  texts: readonly string[],
  options: RunOptions,
  terminal: Terminal,
): Promise<Answer> {
  const wanted = callOf(options, texts);
  const session = await Session.open(await readSource(path, options), options);
  const lines = await SourceLines.open(filesOf(session), options);
  const coverage = await CoverageOutput.begin(session, options);
  const module = loadShowingStop(session, lines, terminal);
  const { machine } = session;
  const sourceAt = lines?.in(machine);
  const help = helpIn(session, options);
  if (wanted === null && options.restore === undefined) {
    await coverage.write(machine);
    return options.init === true ? initAnswer(session, module, help) : listAnswer(module, help);
  }
  const begun = beginCall(machine, module.file, wanted, options);
  const imports = importCallsFor(machine, module, begun.call, options);
  try {
    const result = await performCall(
      machine,
      module,
      begun.call,
      options,
      lines?.pathOf(module.file) ?? path,
      terminal,
      imports,
    );
    await saveCall(machine, result, options, terminal);
    await coverage.write(machine);
    const report = callReport(machine, begun, result, options.returns);
    return {
      held: result.exception === undefined,
      json: {
        ...callJson(report, sourceAt),
        ...importsJson(imports),
        linux: help.linux,
        mend: help.mend,
        engine: engineJson(session),
      },
      text: [callText(report, terminal.paint)],
      notes: `${help.note}${session.unusedProvided}${importsText(imports)}${notesOf(lines).notes ?? ""}${stopNote(report, terminal, sourceAt)}`,
    };
  } finally {
    begun.call.close();
  }
}

/** The answer when only the init function was to run. */
function initAnswer({ machine }: RunningSession, module: LoadedModule, help: Help): Answer {
  const { name, initFunction } = module;
  if (initFunction === null) throw new NothingMatches(`${name} has no init function`);
  const { log, instructions } = machine;
  return {
    held: true,
    json: { call: null, name, log, instructions, linux: help.linux, mend: help.mend },
    text: [
      ...log.map((line) => `${line}\n`),
      `the init function of ${name} returned, after ${counted(instructions, "instruction")}\n`,
    ],
    notes: help.note,
  };
}

/** The answer without a call: what could be called. */
function listAnswer(module: LoadedModule, help: Help): Answer {
  const callables = callablesOf(module);
  return {
    held: true,
    json: { call: null, functions: callables.map(callableJson) },
    text: [
      `${counted(callables.length, "function")} of ${module.name} can be called, with --call 'NAME(ARG, …)':\n`,
      ...columns(
        callables.map(({ name, size, exported, prototype }) => [
          prototype ?? name,
          `${size} bytes`,
          exported ? "exported" : "",
        ]),
        ["left", "right"],
      ).map((line) => `${line}\n`),
    ],
    notes: help.note,
  };
}

/** How the instructions were run, and what the translator did for it. */
function engineJson({ machine }: RunningSession): Answer["json"] {
  return { name: machine.processor.engine, translator: machine.processor.statistics };
}

/** If the call didn't return, the registers and the code at the stop go to stderr. */
function stopNote(
  { result }: CallReport,
  { notePaint }: Terminal,
  sourceAt: SourceAt | undefined,
): string {
  return result.exception === undefined ? "" : stopText(result.exception, notePaint, sourceAt);
}
