// The report of `run` and `trace` on their call, and its JSON form.

import { hex } from "../../hex.ts";
import { type CallOutcome, decodeValue, type GuestStop, type Machine } from "../../index.ts";
import type { CallReport } from "../../report/call-text.ts";
import { codeLines, type SourceAt } from "../../report/stop-text.ts";
import type { Answer } from "../answer.ts";
import { type ResultType, shownResult } from "../call/result.ts";
import type { BegunCall } from "../saved-call.ts";
import { framesJson } from "./frames.ts";

/** @param asked the type that the user wants the result shown as. */
export function callReport(
  machine: Machine,
  { title, made, outputs, returns: own }: Omit<BegunCall, "call">,
  result: CallOutcome,
  asked?: ResultType,
): CallReport {
  const returns = asked ?? own ?? undefined;
  return {
    call: title,
    made,
    result,
    shown: result.exception === undefined ? shownResult(result, returns, machine) : null,
    log: machine.log,
    outputs: outputs.map(({ label, address, size, type }) => {
      const bytes = machine.memory.read(address, size);
      const value = type === undefined ? null : decodeValue(type, bytes, machine.endian);
      return { label, address, bytes, value };
    }),
  };
}

/** @param sourceAt the lines of the source, if they are wanted. */
export function callJson(
  { call, made, result, shown, log, outputs }: CallReport,
  sourceAt?: SourceAt,
): Answer["json"] {
  const { v0, v1, instructions, exception } = result;
  return {
    call,
    arguments: made.map((one) => ({ ...one })),
    v0: v0 ?? null,
    v1: v1 ?? null,
    result: shown?.json ?? null,
    instructions,
    outputs: outputs.map(({ bytes }) => Buffer.from(bytes).toString("hex")),
    exception: exception === undefined ? null : stopJson(exception, sourceAt),
    log,
  };
}

/** Why and where a run stopped. @param sourceAt the lines of the source, if they are wanted. */
export function stopJson(stop: GuestStop, sourceAt?: SourceAt): Answer["json"] {
  const source = (address: number) =>
    sourceAt === undefined ? {} : { source: framesJson(sourceAt(address)) };
  return {
    ...stop,
    pc: hex(stop.pc),
    ...source(stop.pc),
    ...(stop.badVAddr === undefined ? {} : { badVAddr: hex(stop.badVAddr) }),
    registers: stop.registers.map(hex),
    neighbourhood: codeLines(stop).map((line) => ({
      ...line,
      address: hex(line.address),
      ...source(line.address),
      word: line.word === null ? null : hex(line.word),
    })),
    code: undefined,
  };
}
