// Prints a far-jump plan: the far jumps and why they are far, then the veneers with their addresses and words.

import { type Address, plus } from "../address.ts";
import { digits, hex } from "../hex.ts";
import { counted } from "../html/numbers.ts";
import { disassemble } from "../isa/disassemble.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { FarJump } from "../trampoline/far-jump.ts";
import type { Trampoline } from "../trampoline/place.ts";
import { framesText, type SourceOf } from "./frames-text.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/**
 * A line for each far jump with its address and target, then the reasons why some stay broken.
 * @param sourceOf the lines of places in the module's file; default: they aren't wanted.
 */
export function* farJumpLines(
  farJumps: readonly FarJump<Address>[],
  paint: Paint,
  sourceOf: SourceOf = () => [],
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
      framesText(sourceOf(far.section, far.offset)),
    ]),
  );
  for (const far of farJumps) {
    if (far.refusal === null) continue;
    yield paint.red(`${far.section}+0x${far.offset.toString(16)} stays broken: ${far.refusal}`);
  }
}

/** Each veneer: its address, target and sites, then its words with their meaning. */
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

/** OpenWrt's own way: where the module is, its tables, and each slot with its jump. */
export function* slotLines({ memories, tables, plan }: LoadedModule<Address>): Generator<string> {
  const places = memories.map(({ type, base }) => `${type} at ${hex(base)}`).join(", ");
  yield `puts ${places}`;
  if (tables.length === 0) yield "needs no slot: every jump reaches";
  for (const { side, base, size } of tables) {
    yield `keeps a table in ${side} at ${hex(base)}, ${size} bytes`;
    const own = plan.trampolines.filter(({ block }) => block === side);
    for (const [index, slot] of own.entries()) {
      yield `slot ${index} at ${hex(slot.address)} to ${slot.symbol} ${hex(slot.target)}, for the jump at ${slot.sites.map(hex).join()}`;
      yield* veneerLines(slot).map((line) => `  ${line}`);
    }
  }
  for (const { address, refusal } of plan.refused) yield `${hex(address)} stays wrong: ${refusal}`;
}

/** A line for each word of a veneer: address, word, assembly. */
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

/** The 256 MiB region that a jump can reach. */
export function reach(region: Address): string {
  return `${hex(region)}-${hex(plus(region, 0x0fffffff))}`;
}

function mending({ trampoline, word, refusal }: FarJump<Address>): string {
  if (refusal !== null) return "not mended";
  if (trampoline !== null) return `via ${hex(trampoline)}`;
  return word === null ? "" : "patched to reach";
}
