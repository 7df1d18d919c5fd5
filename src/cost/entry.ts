// Patchable entries: the nops that -fpatchable-function-entry leaves before a function's prologue, made into call
// sites. Linux on MIPS does not do this; it is a design of the cost lab, described here. The function has saved nothing
// yet when the nops run, so ra is the caller's return address, and at, v1, t4 and t9 are dead.
//
//   3 nops   move at,ra; jal veneer; nop                       the veneer: lui t9; addiu t9; jr t9; move t4,zero
//   4 nops   lui v1,%hi(F); addiu v1,v1,%lo(F); jalr at,v1; nop
//
// With three nops, `jal` needs a veneer in its region, and overwrites ra; at keeps the caller's address, as gcc's own
// sites do. The veneer jumps to ftrace_caller after its pop (nothing was pushed), with t4 = 0, which says that ra is
// not in the frame. `move` is encoded as addu, which gcc never does, to mark that t4 is valid. With four nops, F can be
// anywhere, and the link register is at, so that ra is unchanged. That needs a version of ftrace_caller of its own,
// ftrace_entry_caller (src/lab-kernel/entry.S). All words of an entry but one are written once, before any code of the
// module runs; the remaining word, the jal or the lui, switches the entry.

import { ascending } from "../address.ts";
import { Misuse } from "../errors.ts";
import type { CallSite, SitePatch } from "../ftrace/sites/site.ts";
import { hex } from "../hex.ts";
import { assemble, jumpTo, loadAddress, NOP } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";
import type { Machine } from "../lab/machine.ts";
import type { ModuleSite } from "../lab/module-sites.ts";
import { type LoadedModule, type LoadedSection, memoryAt } from "../module/loaded.ts";
import { reachOf, regionOf } from "../trampoline/region.ts";
import { veneerSize, veneerWords } from "../trampoline/veneer.ts";

export const ENTRIES_SECTION = "__patchable_function_entries";
/** The section that a module reserves for the veneer, under arm64's name for it. */
export const VENEER_SECTION = ".text.ftrace_trampoline";

const FEWEST_NOPS = 3;
const WORD = 4;
/** ftrace_caller's second word pops what gcc's sites push. */
const PAST_POP = 8;
const MOVE_AT_RA = assemble("addu", R.at, R.ra, R.zero);
const MOVE_T4_ZERO = assemble("addu", R.t4, R.zero, R.zero);
const JALR_AT_V1 = assemble("jalr", R.at, R.v1);

export interface Entries {
  /** The address of each entry, which is its function's address. */
  readonly addresses: readonly number[];
  readonly nops: number;
}

/**
 * A module's patchable entries; null when it has none.
 * @throws Misuse for entries that no execution reaches, or that are too short for a call.
 */
export function readEntries(machine: Machine, module: LoadedModule): Entries | null {
  const table = module.sections.find(({ name }) => name === ENTRIES_SECTION);
  if (table === undefined || table.size < WORD) return null;
  const addresses = words(machine, table).sort(ascending);
  const functions = new Set(module.symbols.map(({ address }) => address));
  const code = module.sections.filter(({ executable }) => executable);
  for (const address of addresses) {
    const section = code.find((one) => address >= one.address && address < end(one));
    if (section === undefined || address % WORD !== 0) {
      throw new Misuse(
        `${ENTRIES_SECTION} names ${hex(address)}, where none of the module's code is`,
      );
    }
    if (!functions.has(address)) {
      throw new Misuse(
        `the nops at ${hex(address)} are before their function's label, where no call runs them: gcc 12 ` +
          "puts them there on MIPS",
      );
    }
  }
  const nops = addresses.reduce(
    (fewest, address) => Math.min(fewest, nopsAt(machine, address, code)),
    Number.POSITIVE_INFINITY,
  );
  if (nops < FEWEST_NOPS) {
    throw new Misuse(`an entry of ${nops} nops has no room for a call, which takes ${FEWEST_NOPS}`);
  }
  const overlap = addresses.find(
    (address, index) => address < (addresses[index - 1] ?? -Infinity) + WORD * nops,
  );
  if (overlap !== undefined) throw new Misuse(`two entries share the words at ${hex(overlap)}`);
  return { addresses, nops };
}

function words({ memory }: Machine, { address, size }: LoadedSection): number[] {
  return Array.from({ length: Math.floor(size / WORD) }, (_, index) =>
    memory.u32(address + WORD * index),
  );
}

function end({ address, size }: LoadedSection): number {
  return address + size;
}

function nopsAt({ memory }: Machine, address: number, code: readonly LoadedSection[]): number {
  const limit = code.find((one) => address >= one.address && address < end(one));
  let at = address;
  while (limit !== undefined && at + WORD <= end(limit) && memory.u32(at) === NOP) at += WORD;
  return (at - address) / WORD;
}

/**
 * Makes a module's entries call sites that are switched off: writes the words that never change, and registers the
 * sites with the machine.
 * @throws Misuse if that is impossible: three nops without room for a veneer, four with a kernel other than the lab's.
 */
export function adoptEntries(machine: Machine, module: LoadedModule, entries: Entries): void {
  const short = entries.nops === FEWEST_NOPS;
  const make = short ? shortEntry(machine, module, entries) : longEntry(machine, entries.nops);
  machine.addSites(
    module,
    entries.addresses.map((address): ModuleSite => {
      const { site, loaded } = make(address);
      return {
        site,
        loaded,
        recorded: true,
        block: memoryAt(module.memories, address)?.type ?? "core",
        name: machine.symbolAt(address)?.name ?? hex(address),
        module: module.name,
      };
    }),
  );
}

/** Writes the words of an entry that never change. */
type MakeSite = (entry: number) => { readonly site: CallSite; readonly loaded: SitePatch };

function shortEntry(machine: Machine, module: LoadedModule, { addresses }: Entries): MakeSite {
  const mcount = machine.importOf("_mcount")?.address;
  const room = module.sections.find(({ name }) => name === VENEER_SECTION);
  if (mcount === undefined) throw new Misuse("the kernel exports no _mcount");
  const target = mcount + PAST_POP;
  if (room === undefined || room.size < veneerSize(target) || room.address % WORD !== 0) {
    throw new Misuse(
      `three nops reach the kernel through a trampoline, and ${module.name} has no room for one: it needs ` +
        `a section ${VENEER_SECTION} of ${veneerSize(target)} bytes`,
    );
  }
  const veneer = room.address;
  const far = addresses.find((entry) => reachOf(entry + WORD) !== regionOf(veneer));
  if (far !== undefined) {
    throw new Misuse(`the entry at ${hex(far)} can't reach the trampoline at ${hex(veneer)}`);
  }
  writeWords(machine, veneer, [...veneerWords(target).slice(0, -1), MOVE_T4_ZERO]);
  const jal = jumpTo("jal", veneer);
  return (entry) => {
    const address = entry + WORD;
    machine.memory.setU32(entry, MOVE_AT_RA);
    return {
      site: {
        kind: "short",
        address,
        words: 2,
        raAddressWords: 0,
        emptyDelaySlot: false,
        savedRa: "ra",
      },
      loaded: [jal, NOP],
    };
  };
}

function longEntry(machine: Machine, nops: number): MakeSite {
  const caller = machine.addressOf("ftrace_entry_caller");
  if (caller === undefined) {
    throw new Misuse("four nops call ftrace_entry_caller, which only farjal's own kernel has");
  }
  const loaded = loadAddress(R.v1, caller);
  return (address) => {
    writeWords(machine, address + 2 * WORD, [JALR_AT_V1, NOP]);
    return {
      site: {
        kind: "long",
        address,
        words: nops,
        raAddressWords: 0,
        emptyDelaySlot: false,
        savedRa: "ra",
      },
      loaded,
    };
  };
}

function writeWords({ memory }: Machine, address: number, list: readonly number[]): void {
  list.forEach((word, index) => {
    memory.setU32(address + WORD * index, word);
  });
}
