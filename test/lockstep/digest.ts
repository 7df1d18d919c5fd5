// Stores the outcomes of many programs in little space: a few bytes for each stop, which depend on all of the stop's
// data. To see the registers behind them, run the program on QEMU.
//
// stored.gz is text, a line for each program in the order of their seeds:
//   digest of the program | digests of its stops, little-endian | the same, big-endian

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { repositoryFile } from "../support/repository.ts";
import type { Endian, Program, Stop } from "../vectors/program.ts";

const PATH = repositoryFile("test/lockstep/stored.gz");

export interface Digests {
  readonly program: string;
  readonly stops: Readonly<Record<Endian, readonly string[]>>;
}

function digest(numbers: Iterable<number>): string {
  const words = Uint32Array.from(numbers);
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    bytes.writeUInt32LE(word, 4 * i);
  });
  return createHash("sha256").update(bytes).digest("hex").slice(0, 8);
}

/** A digest of the code and of the program's initial state. */
export function programDigest({ address, words, entry, registers, data }: Program): string {
  return digest([address, entry, ...words, ...registers, ...data]);
}

export function stopDigest({ exception, epc, badVAddr, registers, data }: Stop): string {
  return digest([exception, epc, badVAddr, ...registers, ...data]);
}

export function readDigests(): readonly Digests[] {
  const lines = gunzipSync(readFileSync(PATH)).toString("latin1").trimEnd().split("\n");
  return lines.map((line) => {
    const [program = "", little = "", big = ""] = line.split(" | ");
    return { program, stops: { little: little.split(" "), big: big.split(" ") } };
  });
}

/** Replaces the stored digests; returns the size of the file. */
export function writeDigests(all: readonly Digests[]): number {
  const lines = all.map(({ program, stops }) =>
    [program, stops.little.join(" "), stops.big.join(" ")].join(" | "),
  );
  const bytes = gzipSync(`${lines.join("\n")}\n`, { level: 9 });
  writeFileSync(PATH, bytes);
  return bytes.length;
}
