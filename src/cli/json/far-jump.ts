// Far jumps and trampolines as --json shows them: addresses and words as strings.

import type { Address } from "../../address.ts";
import { hex } from "../../hex.ts";
import type { FarJump, Trampoline } from "../../index.ts";
import type { SourceOf } from "../../report/frames-text.ts";
import { framesJson } from "./frames.ts";

/** @param sourceOf the lines of places in the module's file, if they are wanted. */
export function farJumpJson(far: FarJump<Address>, sourceOf?: SourceOf) {
  return {
    ...far,
    ...(sourceOf === undefined ? {} : { source: framesJson(sourceOf(far.section, far.offset)) }),
    address: hex(far.address),
    target: hex(far.target),
    siteRegion: hex(far.siteRegion),
    targetRegion: hex(far.targetRegion),
    trampoline: far.trampoline === null ? null : hex(far.trampoline),
    word: far.word === null ? null : hex(far.word),
  };
}

export function trampolineJson(trampoline: Trampoline<Address>) {
  return {
    ...trampoline,
    address: hex(trampoline.address),
    target: hex(trampoline.target),
    region: hex(trampoline.region),
    words: trampoline.words.map((word) => hex(word)),
    sites: trampoline.sites.map((site) => hex(site)),
  };
}
