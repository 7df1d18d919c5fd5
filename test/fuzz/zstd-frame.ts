// Generates a Zstandard frame from its grammar, for the fuzzer: blocks of each type, literals and tables of each
// form, and streams of random bits, which lead a decoder further than a damaged file does.

import type { Random } from "../support/random.ts";

const MOST_BYTES = 40;

/** The frame's bytes. */
export function makeZstdFrame(random: Random): Uint8Array {
  const single = random.oneIn(3);
  const descriptor = (single ? 0x20 : 0) | (random.oneIn(3) ? 4 : 0) | (random.oneIn(30) ? 1 : 0);
  const blocks = Array.from({ length: random.below(6) }, () => block(random, false));
  return Buffer.concat([
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, descriptor),
    Uint8Array.of(single ? random.below(256) : 8 * random.below(18) + random.below(8)),
    ...blocks,
    block(random, true),
    bytesOf(random, 8),
  ]);
}

function block(random: Random, last: boolean): Uint8Array {
  const type = random.pick([0, 1, 2, 2, 2, 2, random.below(4)]);
  const size = random.oneIn(20) ? random.below(1 << 18) : random.below(200);
  const held =
    type === 0 ? bytesOf(random, size) : type === 1 ? bytesOf(random, 1) : compressed(random);
  const stated = type === 2 ? held.length : size;
  const header = Buffer.alloc(3);
  header.writeUIntLE(Math.min((stated << 3) | (type << 1) | Number(last), 0xffffff), 0, 3);
  return Buffer.concat([header, held]);
}

function compressed(random: Random): Uint8Array {
  return Buffer.concat([literals(random), sequences(random)]);
}

function literals(random: Random): Uint8Array {
  const type = random.below(4);
  const made = random.oneIn(8) ? random.below(1 << 10) : random.below(60);
  if (type < 2) {
    const header = Buffer.alloc(2);
    header.writeUInt16LE(type | (1 << 2) | (made << 4));
    return Buffer.concat([header, type === 0 ? bytesOf(random, made) : bytesOf(random, 1)]);
  }
  const four = random.oneIn(2);
  const table = type === 2 ? huffmanTable(random) : Buffer.alloc(0);
  const streams = four ? fourStreams(random) : stream(random);
  const size = table.length + streams.length + (random.oneIn(30) ? random.below(9) : 0);
  const header = Buffer.alloc(3);
  header.writeUIntLE((type | (Number(four) << 2) | (made << 4) | (size << 14)) & 0xffffff, 0, 3);
  return Buffer.concat([header, table, streams]);
}

function fourStreams(random: Random): Uint8Array {
  const streams = Array.from({ length: 4 }, () => stream(random));
  const sizes = Buffer.alloc(6);
  for (let index = 0; index < 3; index++)
    sizes.writeUInt16LE(streams[index]?.length ?? 0, 2 * index);
  return Buffer.concat([sizes, ...streams]);
}

/** Weights of 4 bits each, or random bits that are read as coded weights. */
function huffmanTable(random: Random): Uint8Array {
  const count = random.between(1, 20);
  if (random.oneIn(3)) return Buffer.concat([Uint8Array.of(count), stream(random, count)]);
  const weights = Uint8Array.from({ length: Math.ceil(count / 2) }, () =>
    random.pick([0x11, 0x21, 0x10, 0x22, 0x01, random.below(256)]),
  );
  return Buffer.concat([Uint8Array.of(127 + count), weights]);
}

function sequences(random: Random): Uint8Array {
  const count = random.oneIn(4) ? 0 : random.between(1, 12);
  if (count === 0) return Uint8Array.of(0);
  const head = random.oneIn(10)
    ? Uint8Array.of(255, random.below(256), random.below(256))
    : Uint8Array.of(count);
  const modes = Array.from({ length: 3 }, () => random.pick([0, 0, 1, 1, 2, 3]));
  const tables = modes.map((mode) =>
    mode === 1
      ? Uint8Array.of(random.oneIn(8) ? random.below(256) : random.below(29))
      : mode === 2
        ? bytesOf(random, random.between(1, 12))
        : Buffer.alloc(0),
  );
  const [lengths = 0, offsets = 0, matches = 0] = modes;
  const mode = Uint8Array.of((lengths << 6) | (offsets << 4) | (matches << 2));
  return Buffer.concat([head, mode, ...tables, stream(random)]);
}

/** Bytes whose last one has a bit set. */
function stream(random: Random, size = random.between(1, MOST_BYTES)): Uint8Array {
  const bytes = bytesOf(random, size);
  bytes[size - 1] = random.between(1, 255);
  return bytes;
}

function bytesOf(random: Random, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => random.below(256));
}
