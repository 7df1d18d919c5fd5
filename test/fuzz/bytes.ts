// Damages bytes of an unknown format. The numbers at the edges of what fields hold come from test/hostile, whose
// mutations know ELF.

import { EXTREMES } from "../hostile/mutate.ts";
import type { Random } from "../support/random.ts";

/** Bytes of a piece that is repeated; the fuzzer cuts larger inputs. */
const LARGEST = 1 << 20;

type Way = (bytes: Buffer, other: Uint8Array, random: Random) => Uint8Array;

const flip: Way = (bytes, _, random) => {
  for (let times = random.between(1, 6); times > 0; times--) {
    const at = place(bytes, random);
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return bytes;
};

const setNumber: Way = (bytes, _, random) => {
  const size = random.pick([1, 2, 4, 8] as const);
  const at = place(bytes, random);
  const value = random.oneIn(3) ? random.word() : random.pick(EXTREMES);
  if (at + size > bytes.length) return bytes;
  if (size === 1) bytes[at] = value & 0xff;
  else if (size === 8) bytes.writeBigUInt64LE(BigInt(value) << BigInt(random.pick([0, 32])), at);
  else if (random.oneIn(2)) bytes.writeUIntBE(value % 2 ** (8 * size), at, size);
  else bytes.writeUIntLE(value % 2 ** (8 * size), at, size);
  return bytes;
};

const cut: Way = (bytes, _, random) => bytes.subarray(0, random.below(bytes.length + 1));

const repeat: Way = (bytes, _, random) => {
  const from = random.below(bytes.length + 1);
  const piece = bytes.subarray(from, from + random.between(1, 256));
  return Buffer.concat([bytes.subarray(0, from), piece, piece, bytes.subarray(from)]);
};

/** A piece many times: hostile files are small in kinds and large in number. */
const multiply: Way = (bytes, _, random) => {
  if (!random.oneIn(8)) return repeat(bytes, _, random);
  const from = random.below(bytes.length + 1);
  const lines = random.oneIn(2);
  const start = lines ? bytes.lastIndexOf(0x0a, from) + 1 : from;
  const length = lines ? bytes.indexOf(0x0a, from) + 1 - start : random.between(1, 64);
  const piece = bytes.subarray(start, start + Math.max(1, length));
  const times = random.between(1, LARGEST / Math.max(1, piece.length));
  return Buffer.concat([
    bytes.subarray(0, start),
    ...Array.from({ length: random.oneIn(4) ? times : Math.min(times, 500) }, () => piece),
    bytes.subarray(start),
  ]);
};

const remove: Way = (bytes, _, random) => {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 64))]);
};

const join: Way = (bytes, other, random) =>
  Buffer.concat([
    bytes.subarray(0, random.below(bytes.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);

const WAYS: readonly Way[] = [
  flip,
  flip,
  setNumber,
  setNumber,
  setNumber,
  cut,
  repeat,
  multiply,
  remove,
  join,
];

/** Headers matter most, so half of all places are in the first bytes. */
function place(bytes: Uint8Array, random: Random): number {
  return random.below(random.oneIn(2) ? Math.min(64, bytes.length + 1) : bytes.length + 1);
}

/** Applies one to three of these, one after the other. */
export function damage(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = input;
  for (let times = random.between(1, 3); times > 0; times--) {
    bytes = random.pick(WAYS)(Buffer.from(bytes), other, random);
  }
  return bytes;
}
