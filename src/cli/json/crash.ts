// The JSON form of a decoded oops: its keys are those of the library's value, with addresses and words as text.

import { hex } from "../../hex.ts";
import type { Crash, CrashPlace } from "../../index.ts";
import type { Answer } from "../answer.ts";
import { framesJson } from "./frames.ts";

export function crashJson(crash: Crash): Answer["json"] {
  const { badVAddr, registers, status, cause, epc, ra, code, calls } = crash;
  const register = (one: Crash["status"]) => one && { ...one, value: hex(one.value) };
  return {
    ...crash,
    badVAddr: badVAddr === null ? null : hex(badVAddr),
    registers: Object.fromEntries(registers.map(({ name, value }) => [name, hex(value)])),
    status: register(status),
    cause: register(cause),
    epc: epc && placeJson(epc),
    ra: ra && placeJson(ra),
    code: code.map((line) => ({ ...line, address: hex(line.address), word: hex(line.word) })),
    calls: calls.map((call) => ({ ...placeJson(call), found: call.found })),
  };
}

function placeJson({ address, frames, ...place }: CrashPlace): Answer["json"] {
  return { address: hex(address), ...place, source: framesJson(frames) };
}
