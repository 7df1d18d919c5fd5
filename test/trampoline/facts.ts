// Facts for the planner's tests: simple ones for single cases, and fast-check's, which are concentrated around the
// lines between regions, where errors are most likely.

import fc from "fast-check";
import type { Block, Jump, PerBlock, Place, PlanFacts } from "../../src/trampoline/facts.ts";

export const JAL = 0x0c000000;
export const J = 0x08000000;

/** _mcount of Debian's 4kc-malta 6.1 kernel. */
export const MCOUNT = 0x801156a0;

/** A `jal symbol` at an offset of the core block, to a final address by default. */
export function jump(at: number, target: number, more: Partial<Jump> = {}): Jump {
  const block = more.block ?? "core";
  return {
    section: block === "core" ? ".text" : ".init.text",
    offset: at,
    word: JAL,
    symbol: `kernel_${target.toString(16)}`,
    block,
    at: { block, offset: at },
    value: { address: target },
    target: { address: target },
    targetIsFunction: true,
    ...more,
  };
}

/** Facts with a core block of 4 KiB at 0xc0000000 and an init block of one page further up. */
export function facts(jumps: readonly Jump[], core = {}, init = {}): PlanFacts {
  return {
    blocks: {
      core: { base: 0xc0000000, size: 0x1000, alignment: 16, ...core },
      init: { base: 0xc0010000, size: 0x1000, alignment: 16, ...init },
    },
    jumps,
  };
}

const BLOCK_SIZE = 0x800;
// None is in a block or where a block may grow.
const KERNEL = [0x80100400, MCOUNT, 0x8fffff00, 0x9ffffffc, 0xc8000000, 0xcff00000, 0xd0100000];

const alignment = fc.constantFrom(4, 16, 64, 256);
const block = fc.constantFrom<Block>("core", "init");
const offset = fc.nat({ max: BLOCK_SIZE / 4 - 1 }).map((word) => word * 4);
const place: fc.Arbitrary<Place> = fc.oneof(
  fc.constantFrom(...KERNEL).map((address) => ({ address })),
  fc.record({ block, offset }),
);

const jumps = fc.uniqueArray(
  fc.record({
    block,
    at: offset,
    value: place,
    addend: fc.constantFrom(0, 0, 0, 8, -4),
    word: fc.constantFrom(JAL, JAL, J),
    targetIsFunction: fc.boolean(),
  }),
  { selector: ({ block, at }) => `${block} ${at}`, maxLength: 60 },
);

function plus(place: Place, addend: number): Place {
  return "block" in place
    ? { block: place.block, offset: place.offset + addend }
    : { address: (place.address + addend) >>> 0 };
}

/** The same facts in blocks of other names: those of a kernel since 6.4 that hold code. */
function since64({ blocks, jumps }: PlanFacts): PlanFacts {
  const name = (block: Block): Block => (block === "core" ? "text" : "init_text");
  const renamed = (place: Place): Place =>
    "block" in place ? { ...place, block: name(place.block) } : place;
  return {
    blocks: {
      ...(blocks.core && { text: blocks.core }),
      ...(blocks.init && { init_text: blocks.init }),
    },
    jumps: jumps.map((jump) => ({
      ...jump,
      block: name(jump.block),
      at: renamed(jump.at),
      value: renamed(jump.value),
      target: renamed(jump.target),
    })),
  };
}

/** The values of blocks that are all there. */
export function whole<T>(values: PerBlock<T>): Readonly<Record<Block, T>> {
  return values as Readonly<Record<Block, T>>;
}

/**
 * Two blocks of up to 2 KiB with room to grow. Each is up to 2 KiB below a line between two regions, or across it;
 * both blocks may be at the same line or at different ones.
 */
const twoBlocks: fc.Arbitrary<PlanFacts> = fc
  .record({
    coreLine: fc.constantFrom(0xc0000000, 0xd0000000),
    initLine: fc.constantFrom(0xc0000000, 0xd0000000, 0xe0000000),
    below: fc.tuple(fc.nat({ max: 0x20 }), fc.nat({ max: 0x20 })),
    sizes: fc.tuple(offset, offset),
    alignments: fc.tuple(alignment, alignment),
    jumps,
  })
  .map(({ coreLine, initLine, below, sizes, alignments, jumps }) => ({
    blocks: {
      core: { base: coreLine - below[0] * 0x100, size: sizes[0] + 4, alignment: alignments[0] },
      // 64 KiB apart when both are around the same line.
      init: {
        base: initLine - below[1] * 0x100 + 0x10000 * Number(coreLine === initLine),
        size: sizes[1] + 4,
        alignment: alignments[1],
      },
    },
    jumps: jumps
      .filter(({ block, at }) => at <= (block === "core" ? sizes[0] : sizes[1]))
      .map(({ block, at, value, addend, word, targetIsFunction }, index) => ({
        section: block === "core" ? ".text" : ".init.text",
        offset: at,
        word,
        symbol: `symbol_${index}`,
        block,
        at: { block, offset: at },
        value,
        target: plus(value, addend),
        targetIsFunction,
      })),
  }));

/** Such blocks under the names of kernels before and since 6.4. */
export const crowded: fc.Arbitrary<PlanFacts> = fc
  .tuple(twoBlocks, fc.boolean())
  .map(([facts, newer]) => (newer ? since64(facts) : facts));
