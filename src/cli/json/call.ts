// The report of `run` and `trace` on their call, and its JSON form.

import { hex } from "../../hex.ts";
import type { CallOutcome, Machine } from "../../index.ts";
import type { CallReport } from "../../report/call-text.ts";
import { codeLines } from "../../report/stop-text.ts";
import type { Answer } from "../answer.ts";
import type { CallArguments } from "../options/call-arguments.ts";

/** @param texts the arguments as the user wrote them. */
export function callReport(
  machine: Machine,
  name: string,
  texts: readonly string[],
  args: CallArguments,
  result: CallOutcome,
): CallReport {
  return {
    call: `${name}(${texts.join(", ")})`,
    result,
    log: machine.log,
    outputs: args.outputs.map(({ address, size }) => ({
      address,
      bytes: machine.memory.read(address, size),
    })),
  };
}

export function callJson({ result, log, outputs }: CallReport): Answer["json"] {
  const { v0, v1, instructions, exception } = result;
  return {
    v0: v0 ?? null,
    v1: v1 ?? null,
    instructions,
    outputs: outputs.map(({ bytes }) => Buffer.from(bytes).toString("hex")),
    exception:
      exception === undefined
        ? null
        : {
            ...exception,
            pc: hex(exception.pc),
            ...(exception.badVAddr === undefined ? {} : { badVAddr: hex(exception.badVAddr) }),
            registers: exception.registers.map(hex),
            neighbourhood: codeLines(exception).map((line) => ({
              ...line,
              address: hex(line.address),
              word: line.word === null ? null : hex(line.word),
            })),
            code: undefined,
          },
    log,
  };
}
