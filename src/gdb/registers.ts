// The registers by gdb's numbers: target.xml's MIPS features, and reading and writing a register by its number. gdb
// requires a floating-point unit in the description. The processor has none, so its registers are reported as
// unavailable, which the protocol writes as x.

import { CP0_BADVADDR, CP0_CAUSE, CP0_STATUS } from "../../assembly/shared/opcodes.ts";
import type { Processor } from "../processor/processor.ts";

const GENERAL = 32;
const PC = 37;
const FLOATING = 38;
/** f0 to f31, fcsr and fir. */
export const REGISTERS = FLOATING + 34;

interface Special {
  readonly name: string;
  readonly read: (processor: Processor) => number;
  readonly write: (processor: Processor, value: number) => void;
}

function cp0(name: string, number: number): Special {
  const [register, select] = [number >>> 3, number & 7];
  return {
    name,
    read: (processor) => processor.cp0(register, select),
    write: (processor, value) => processor.setCp0(register, select, value),
  };
}

/** Numbers 32 to 37. BadVAddr is read-only, as it is to mtc0. */
const SPECIAL: readonly Special[] = [
  cp0("status", CP0_STATUS),
  {
    name: "lo",
    read: (processor) => processor.lo,
    write: (processor, value) => {
      processor.lo = value;
    },
  },
  {
    name: "hi",
    read: (processor) => processor.hi,
    write: (processor, value) => {
      processor.hi = value;
    },
  },
  cp0("badvaddr", CP0_BADVADDR),
  cp0("cause", CP0_CAUSE),
  {
    name: "pc",
    read: (processor) => processor.pc,
    write: (processor, value) => {
      processor.pc = value;
    },
  },
];

/** A register's value; undefined for a register that the processor doesn't have. */
export function readRegister(processor: Processor, number: number): number | undefined {
  return number < GENERAL ? processor.gpr(number) : SPECIAL[number - GENERAL]?.read(processor);
}

/** Writes a register if its value changes: writing pc with its own value must not end a delay slot. */
export function writeRegister(processor: Processor, number: number, value: number): void {
  if (readRegister(processor, number) === value) return;
  if (number < GENERAL) processor.setGpr(number, value);
  else SPECIAL[number - GENERAL]?.write(processor, value);
}

/**
 * target.xml. It names no OS, so that gdb leaves stepping to farjal; for Linux, gdb would put breakpoints at what it
 * takes for the next instruction, which fails in delay slots.
 */
export function targetDescription(): string {
  const named = (wanted: readonly string[]): string =>
    SPECIAL.flatMap(({ name }, index) =>
      wanted.includes(name) ? [register(name, GENERAL + index)] : [],
    ).join("");
  const general = Array.from({ length: GENERAL }, (_, number) => register(`r${number}`, number));
  const floating = Array.from({ length: 32 }, (_, number) =>
    register(`f${number}`, FLOATING + number, "ieee_single"),
  );
  return `<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
<architecture>mips:isa32r2</architecture>
<osabi>none</osabi>
<feature name="org.gnu.gdb.mips.cpu">
${general.join("")}${named(["lo", "hi"])}${register("pc", PC, "code_ptr")}</feature>
<feature name="org.gnu.gdb.mips.cp0">
${named(["status", "badvaddr", "cause"])}</feature>
<feature name="org.gnu.gdb.mips.fpu">
${floating.join("")}${register("fcsr", FLOATING + 32)}${register("fir", FLOATING + 33)}</feature>
</target>
`;
}

function register(name: string, number: number, type = "int32"): string {
  return `  <reg name="${name}" bitsize="32" regnum="${number}" type="${type}"/>\n`;
}
