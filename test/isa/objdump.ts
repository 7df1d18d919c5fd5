// Disassembles words with binutils: they go to objdump as a bare binary, and it returns one text for each.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "../../src/address.ts";
import type { Endian } from "../../src/bytes/endian.ts";

function tool(endian: Endian): string {
  return endian === "big" ? "mips-linux-gnu-objdump" : "mipsel-linux-gnu-objdump";
}

/** For node:test's `skip`: false, or the name of the missing objdump. */
export function objdumpSkip(): string | false {
  const missing = (["little", "big"] as const)
    .map(tool)
    .find((name) => spawnSync(name, ["--version"]).error);
  return missing === undefined ? false : `${missing} isn't installed`;
}

export interface ObjdumpOptions {
  readonly endian: Endian;
  readonly aliases: boolean;
  /** Address of the first word; with a bigint, objdump prints MIPS64's instructions and n64's registers. */
  readonly address: Address;
}

const OUTPUT_LIMIT = 2 ** 30;

/** objdump's text for each word: mnemonic, tab, operands. */
export function objdump(
  words: Uint32Array,
  { endian, aliases, address }: ObjdumpOptions,
): string[] {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    if (endian === "big") bytes.writeUInt32BE(word, 4 * i);
    else bytes.writeUInt32LE(word, 4 * i);
  });
  const directory = mkdtempSync(join(tmpdir(), "farjal-objdump-"));
  try {
    const file = join(directory, "words");
    writeFileSync(file, bytes);
    const output = execFileSync(
      tool(endian),
      [
        ...["-D", "-z", "-b", "binary", endian === "big" ? "-EB" : "-EL"],
        ...(typeof address === "bigint"
          ? ["-m", "mips:isa64r2", "-M", "gpr-names=64"]
          : ["-m", "mips:isa32r2"]),
        ...(aliases ? [] : ["-M", "no-aliases"]),
        ...[`--adjust-vma=0x${address.toString(16)}`, file],
      ],
      { encoding: "latin1", maxBuffer: OUTPUT_LIMIT },
    );
    const lines = output.split("\n").filter((line) => /^ *[0-9a-f]+:\t/.test(line));
    if (lines.length !== words.length)
      throw new Error(`objdump gave ${lines.length} lines for ${words.length} words`);
    return lines.map((line) => line.split("\t").slice(2).join("\t"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
