// A far-jump plan for people: what is far and why, then the veneers as memory will hold them.

import { type Address, plus } from "../address.ts";
import { digits, hex } from "../hex.ts";
import { counted } from "../html/numbers.ts";
import { disassemble } from "../isa/disassemble.ts";
import type { FarJump } from "../trampoline/far-jump.ts";
import type { Trampoline } from "../trampoline/place.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** Where each far jump is and where it goes, a line each, then why those that stay broken do. */
export function* farJumpLines(
  farJumps: readonly FarJump<Address>[],
  paint: Paint,
): Generator<string> {
  if (farJumps.length === 0) return;
  yield paint.bold(counted(farJumps.length, "far jump"));
  yield* columns(
    farJumps.map((far) => [
      `${far.section}+0x${far.offset.toString(16)}`,
      hex(far.address),
      `reaches ${reach(far.siteRegion)}`,
      `${far.symbol} ${hex(far.target)}`,
      mending(far),
    ]),
  );
  for (const far of farJumps) {
    if (far.refusal === null) continue;
    yield paint.red(`${far.section}+0x${far.offset.toString(16)} stays broken: ${far.refusal}`);
  }
}

/** Each veneer: its place, target and sites, then its words with their meaning. */
export function* trampolineLines(
  trampolines: readonly Trampoline<Address>[],
  paint: Paint,
): Generator<string> {
  if (trampolines.length === 0) return;
  yield paint.bold(counted(trampolines.length, "trampoline"));
  for (const trampoline of trampolines) {
    const { address, symbol, target, block, sites } = trampoline;
    const serves = `${block} block, for ${counted(sites.length, "jump")}`;
    yield `  ${paint.cyan(hex(address))} to ${paint.bold(symbol)} ${hex(target)}, ${serves}`;
    yield* veneerLines(trampoline).map((line) => `  ${line}`);
  }
}

/** A veneer's words, a line each: address, word, assembly. */
export function veneerLines({
  address,
  words,
}: Pick<Trampoline<Address>, "address" | "words">): string[] {
  return columns(
    words.map((word, index) => {
      const at = plus(address, 4 * index);
      return [digits(at), digits(word), disassemble(word, at).replace("\t", " ")];
    }),
  );
}

/** The 256 MiB that a jump stays in. */
export function reach(region: Address): string {
  return `${hex(region)}-${hex(plus(region, 0x0fffffff))}`;
}

function mending({ trampoline, word, refusal }: FarJump<Address>): string {
  if (refusal !== null) return "not mended";
  if (trampoline !== null) return `via ${hex(trampoline)}`;
  return word === null ? "" : "patched to reach";
}
