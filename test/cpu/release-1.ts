// The probes for a Release 1 processor, as a ROM that the board and the core both run from reset: everything new in
// Release 2, privileged instructions of Release 1, and every register of CP0. The ROM stores two words for each probe
// at RESULTS, the exception that ended it and v0; on the board it then prints them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as opcodes from "../../assembly/shared/opcodes.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { hex } from "../../src/hex.ts";
import { fieldsOf, insert } from "../../src/isa/fields.ts";
import { INSTRUCTIONS, type Instruction } from "../../src/isa/table.ts";
import { repositoryFile } from "../support/repository.ts";
import { asm, li, NOP, R } from "./guest.ts";

export interface Probe {
  readonly name: string;
  /** Its words at an address; the result is in v0. */
  readonly words: (address: number) => readonly number[];
}

/** The end of a probe: Cause.ExcCode, or NOTHING, and v0. */
export type Answer = readonly [exception: number, v0: number];
export const NOTHING = 0xff;

export const ROM = 0xbfc00000;
export const RESULTS = 0xa0100000;
const START_AT = 0x20;
const GENERAL_VECTOR = 0x380;
const PROBES_AT = 0x400;
/** The board's serial port that needs no set-up, its line status, and the switch that resets the board. */
const UART = 0xbf000900;
const UART_STATUS = 0x28;
const UART_EMPTY = 0x20;
const RESET = 0xbf000500;
const RESET_NOW = 0x42;

/** A Release 2 row that is only a hint, which Release 1 executes as the plain jump. */
export function isHint({ name }: Instruction): boolean {
  return name.endsWith(".hb");
}

/** The row's word operating on v0, with a0 as base: only its release can make it reserved. */
function sample(row: Instruction): number {
  const operands: Readonly<Record<string, number>> = { rt: R.v0, rd: R.v0, rs: R.a0, msb: 7 };
  return fieldsOf(row.form).reduce(
    (word, field) => insert(field, word, operands[field] ?? 0),
    row.match,
  );
}

/** A jump over an instruction that sets v0; jalr.hb links in v0. */
function jump(row: Instruction): Probe["words"] {
  return (address) => {
    const to = li(R.t9, address + 16 + 4);
    return [
      ...to,
      insert("rs", row.form === "rs" ? row.match : insert("rd", row.match, R.v0), R.t9),
      NOP,
      asm("addiu", R.v0, R.zero, 1),
    ];
  };
}

export const RELEASE_2 = INSTRUCTIONS.filter(({ release2 }) => release2);

const RELEASE_1 = ["tlbr", "tlbp", "tlbwi", "tlbwr", "cache", "deret", "pref", "sync"].map(
  (name) => INSTRUCTIONS.find((row) => row.name === name) as Instruction,
);

const instructions: readonly Probe[] = [...RELEASE_2, ...RELEASE_1].map((row) => ({
  name: row.name,
  words: isHint(row) ? jump(row) : () => [sample(row)],
}));

const REGISTERS = Array.from({ length: 32 * 8 }, (_, number) => number);

/**
 * Left out: registers whose value depends on time, and those whose writing would end the ROM; the watch registers,
 * which the board has, and the Config1 that announces them, because farjal doesn't have them; numbers of later
 * releases, where QEMU raises RI; and 21, where QEMU shows another processor's FrameMask.
 */
const LEFT_ALONE = new Set<number>([
  opcodes.CP0_RANDOM,
  opcodes.CP0_COUNT,
  opcodes.CP0_EPC,
  opcodes.CP0_CONFIG1,
  ...REGISTERS.filter((number) => number >= 18 * 8 && number < 20 * 8),
  ...[5, 6, 7].map((select) => 5 * 8 + select),
  6 * 8 + 6,
  15 * 8 + 3,
  21 * 8,
]);
const ONLY_READ = new Set<number>([opcodes.CP0_DEBUG]);

const mfc0 = (number: number): number => asm("mfc0", R.v0, number >>> 3, number & 7);
const mtc0 = (register: number, number: number): number =>
  asm("mtc0", register, number >>> 3, number & 7);
/** The ROM's Status: boot vectors, kernel mode. */
const STATUS = 1 << 22;
/** All ones, except in Status: there interrupts, ERL and EXL would change how the ROM continues. */
const ones = (number: number): number =>
  number === opcodes.CP0_STATUS ? 0xffffffe0 : number === opcodes.CP0_INDEX ? 15 : 0xffffffff;

const registers: readonly Probe[] = REGISTERS.filter((number) => !LEFT_ALONE.has(number)).flatMap(
  (number) => {
    const name = `${number >>> 3}.${number & 7}`;
    const read: Probe = { name: `mfc0 ${name}`, words: () => [mfc0(number)] };
    if (ONLY_READ.has(number)) return [read];
    const write = (value: number): number[] => [
      ...li(R.a1, value),
      mtc0(R.a1, number),
      mfc0(number),
    ];
    const back =
      number === opcodes.CP0_STATUS
        ? [...li(R.a1, STATUS), mtc0(R.a1, number)]
        : [mtc0(R.zero, number)];
    return [
      read,
      { name: `mtc0 ${name} of ones`, words: () => [...write(ones(number)), ...back] },
      {
        name: `mtc0 ${name} of zeros`,
        words: () => [...write(number === opcodes.CP0_STATUS ? STATUS : 0)],
      },
    ];
  },
);

/** Registers first, because the instructions change some of them. */
export const PROBES: readonly Probe[] = [...registers, ...instructions];

/** The ROM's words, and the address where it starts to print. */
export function rom(): { readonly words: readonly number[]; readonly printing: number } {
  const words: number[] = [];
  const fill = (offset: number): void => {
    while (words.length < offset / 4) words.push(NOP);
  };
  const { CP0_CAUSE, CP0_EPC, CP0_STATUS } = opcodes;
  const status = asm("mtc0", R.t0, CP0_STATUS >>> 3, 0);
  words.push(...li(R.t1, ROM + START_AT), asm("jr", R.t1), NOP); // the board's number is at 10
  fill(START_AT);
  words.push(...li(R.s0, RESULTS), ...li(R.a0, 0x80200000), ...li(R.t0, STATUS), status);
  words.push(...li(R.t1, ROM + PROBES_AT), asm("jr", R.t1), NOP);
  fill(GENERAL_VECTOR);
  words.push(
    asm("mfc0", R.s1, CP0_CAUSE >>> 3, 0),
    asm("srl", R.s1, R.s1, 2),
    asm("andi", R.s1, R.s1, 31),
    asm("mfc0", R.k0, CP0_EPC >>> 3, 0),
    asm("addiu", R.k0, R.k0, 4),
    asm("mtc0", R.k0, CP0_EPC >>> 3, 0),
    asm("eret"),
  );
  fill(PROBES_AT);
  for (const probe of PROBES) {
    words.push(asm("addiu", R.s1, R.zero, NOTHING), asm("addiu", R.v0, R.zero, 0));
    words.push(...probe.words(ROM + 4 * words.length));
    words.push(asm("sw", R.s1, 0, R.s0), asm("sw", R.v0, 4, R.s0), asm("addiu", R.s0, R.s0, 8));
  }
  const printing = ROM + 4 * words.length;
  words.push(...li(R.t0, RESULTS), ...li(R.t1, UART));
  words.push(
    asm("lbu", R.t2, UART_STATUS, R.t1),
    asm("andi", R.t2, R.t2, UART_EMPTY),
    asm("beq", R.t2, R.zero, -3),
    NOP,
    asm("lbu", R.t2, 0, R.t0),
    asm("addiu", R.t0, R.t0, 1),
    asm("bne", R.t0, R.s0, -7),
    asm("sb", R.t2, 0, R.t1),
    ...li(R.t1, RESET),
    asm("addiu", R.t2, R.zero, RESET_NOW),
    asm("sw", R.t2, 0, R.t1),
    asm("beq", R.zero, R.zero, -1),
    NOP,
  );
  return { words, printing };
}

export function answers(bytes: Buffer, endian: Endian): Answer[] {
  const word = (at: number): number =>
    endian === "little" ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  return PROBES.map((_, index) => [word(8 * index), word(8 * index + 4)] as const);
}

const ALL_ONES = 0xffffffff;

function withoutAbsent(found: readonly Answer[]): Answer[] {
  const absent = (name: string): boolean => {
    const zeros = PROBES.findIndex((probe) => probe.name === `mtc0 ${name} of zeros`);
    return found[zeros]?.[0] === NOTHING && found[zeros]?.[1] === ALL_ONES;
  };
  return found.map(([exception, v0], index) => {
    const register = /^m[ft]c0 (\S+)/.exec(PROBES[index]?.name ?? "")?.[1];
    return [exception, register !== undefined && absent(register) ? 0 : v0];
  });
}

export function emulator(endian: Endian): string {
  return endian === "big" ? "qemu-system-mips" : "qemu-system-mipsel";
}

/**
 * The results of QEMU's 4Kc. For a register that it doesn't have it reads all ones, whatever was written; they are
 * replaced by 0, as farjal reads them.
 */
export function askQemu(endian: Endian): Answer[] {
  const directory = mkdtempSync(join(tmpdir(), "farjal-release-1-"));
  try {
    const file = join(directory, "rom");
    // QEMU swaps the words of a ROM when the board is little-endian.
    const bytes = Buffer.alloc(4 * rom().words.length);
    rom().words.forEach((word, index) => {
      bytes.writeUInt32BE(word, 4 * index);
    });
    writeFileSync(file, bytes);
    const options =
      "-M malta -m 64 -cpu 4Kc -nic none -vga none -display none -monitor none -no-reboot -serial null -serial null -serial stdio";
    const printed = execFileSync(emulator(endian), [...options.split(" "), "-bios", file], {
      timeout: 60_000,
    });
    return withoutAbsent(answers(printed, endian));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The file with QEMU's lines as they were last recorded. */
export function recordedPath(endian: Endian): string {
  return repositoryFile(`test/cpu/release-1.${endian}.txt`);
}

/** A line for each probe: its name, then the exception or v0. */
export function linesOf(found: readonly Answer[]): string[] {
  return PROBES.map(({ name }, index) => {
    const [exception, v0] = found[index] as Answer;
    return `${name}: ${exception === NOTHING ? hex(v0) : `exception ${exception}`}`;
  });
}
