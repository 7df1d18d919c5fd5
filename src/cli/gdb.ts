// Performs the call of `run` and `trace` to its end, under a debugger or without one. With `--gdb PORT`, farjal waits
// for gdb before the call's first instruction, and finishes here what gdb leaves unfinished. A board that boots is
// debugged in the same way.

import { setImmediate as turn } from "node:timers/promises";
import { type Command, Option } from "commander";
import { hex } from "../hex.ts";
import {
  type AnyKernel,
  type Board,
  boardTarget,
  type CallOutcome,
  Debugger,
  type Endian,
  type GdbEnd,
  type GuestCall,
  type LoadedModule,
  type Machine,
  serveGdb,
} from "../index.ts";
import type { ImportCalls } from "./call/import-calls.ts";
import { countReader } from "./options/numbers.ts";
import type { Terminal } from "./terminal.ts";

const MOST_PORTS = 65535;
/** Instructions between two checks for an interrupt by the user. */
const PATIENCE = 20_000_000;
/** Sections without code whose addresses gdb needs. */
const DATA_SECTIONS = [".data", ".bss", ".rodata"];

export interface GdbOptions {
  readonly gdb?: number;
}

/** Adds the option to a command that calls a function. */
export function debugged(command: Command): Command {
  return command.addOption(
    new Option(
      "--gdb <PORT>",
      "wait for gdb on this port of the loopback interface (0: any) before the first instruction",
    ).argParser(countReader(0, MOST_PORTS)),
  );
}

/**
 * Runs a call to its end, with gdb when the options ask for it, and leaves it open.
 * @param symbols the file from which gdb can read the module's symbols and lines.
 */
export async function performCall(
  machine: Machine,
  module: LoadedModule,
  call: GuestCall,
  { gdb: port }: GdbOptions,
  symbols: string,
  terminal: Terminal,
  imports: ImportCalls | null = null,
): Promise<CallOutcome> {
  if (port === undefined) {
    await finish(call, imports);
    imports?.end();
    return call.result();
  }
  const listening = (actual: number): void => {
    terminal.note(waitingText(machine, module, symbols, actual));
  };
  const end = await serveGdb(new Debugger(call), { port, listening });
  if (end === "detached") call.advance();
  if (end === "killed") call.kill();
  return call.result();
}

/** Waits for gdb, which then controls the board until it detaches or kills it. */
export function debugBoard(
  board: Board,
  port: number,
  kernel: AnyKernel | null,
  terminal: Terminal,
): Promise<GdbEnd> {
  const listening = (actual: number): void => {
    terminal.note(`${attachText(board.endian, actual)}  (gdb) add-symbol-file vmlinux\n`);
  };
  return serveGdb(new Debugger(boardTarget(board, kernel)), { port, listening });
}

/** Runs a call to its end. Ctrl-C ends it where it is, and its state so far is reported. */
async function finish(call: GuestCall, imports: ImportCalls | null): Promise<void> {
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
  };
  process.once("SIGINT", interrupt);
  try {
    while (!interrupted) {
      const { reason } = call.advance(PATIENCE);
      if (reason === "breakpoint" && imports !== null) imports.stopped();
      else if (reason === "steps") await turn();
      else break;
    }
    if (interrupted) call.kill("an interrupt");
  } finally {
    process.removeListener("SIGINT", interrupt);
  }
}

/** Prints the address that farjal listens on, and the commands to give gdb. */
function waitingText(
  { endian }: Machine,
  { sections }: LoadedModule,
  file: string,
  port: number,
): string {
  const placed = sections.filter(
    ({ name, size, executable }) => size > 0 && (executable || DATA_SECTIONS.includes(name)),
  );
  const text = placed.find(({ name }) => name === ".text");
  const others = placed
    .filter((section) => section !== text)
    .map(({ name, address }) => `-s ${name} ${hex(address)}`);
  const words = [gdbWord(file), ...(text === undefined ? [] : [hex(text.address)]), ...others];
  return `${attachText(endian, port)}  (gdb) add-symbol-file ${words.join(" ")}\n`;
}

function attachText(endian: Endian, port: number): string {
  return (
    `waiting for gdb on 127.0.0.1:${port}\n` +
    `  gdb-multiarch -ex 'set architecture mips:isa32r2' -ex 'set endian ${endian}' ` +
    `-ex 'target remote 127.0.0.1:${port}'\n`
  );
}

/** A path as gdb's commands take it. */
function gdbWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "\\'")}'`;
}
