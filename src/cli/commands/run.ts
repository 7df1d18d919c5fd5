// `farjal run M.ko --call NAME [ARG…]`: loads the module and calls one of its functions.

import type { Command } from "commander";
import { type CallReport, callText } from "../../report/call-text.ts";
import { stopText } from "../../report/stop-text.ts";
import type { Answer, Give } from "../answer.ts";
import { debugged, type GdbOptions, performCall } from "../gdb.ts";
import { callJson, callReport } from "../json/call.ts";
import { readArguments } from "../options/call-arguments.ts";
import {
  ARGUMENT_HELP,
  type CallOptions,
  called,
  moduleCommand,
  withEngine,
} from "../options/module-options.ts";
import { isSaved, type SaveOptions, saved, savedCall } from "../saved-call.ts";
import { type RunningSession, readSource, Session } from "../session.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `${ARGUMENT_HELP}

Examples:
  farjal run crc16.ko --call crc16 0 @message.bin 64
  farjal run libchacha.ko --call chacha_crypt_generic @state out:64 @zeros 64 20
  farjal run loop.ko --call spin --budget 100000
  farjal run long.ko --call work 9 --budget 1000000 --save half
  farjal run long.ko --call work 9 --restore half`;

type RunOptions = CallOptions & GdbOptions & SaveOptions;

export function addRun(program: Command, give: Give, terminal: Terminal): void {
  withEngine(saved(debugged(called(moduleCommand(program, "run")))))
    .summary("load a module and call one of its functions")
    .description(
      "Loads a module and calls one of its functions, exported or local. Exit code 1: the module doesn't " +
        "load, or the call doesn't return.",
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
  const session = await Session.open(await readSource(path, options), options);
  const module = session.load();
  const args = readArguments(texts, session.machine);
  const result = isSaved(options)
    ? await savedCall(session.machine, args.values, options, terminal)
    : await performCall(session.machine, module, args.values, options, path, terminal);
  const report = callReport(session.machine, options.call, texts, args, result);
  return {
    held: result.exception === undefined,
    json: { ...callJson(report), engine: engineJson(session) },
    text: [callText(report, terminal.paint)],
    ...stopNote(report, terminal),
  };
}

/** How the instructions were run, and what the translator did for it. */
function engineJson({ machine }: RunningSession): Answer["json"] {
  return { name: machine.processor.engine, translator: machine.processor.statistics };
}

/** If the call didn't return, the registers and the code at the stop go to stderr. */
function stopNote({ result }: CallReport, { notePaint }: Terminal): { notes?: string } {
  return result.exception === undefined ? {} : { notes: stopText(result.exception, notePaint) };
}
