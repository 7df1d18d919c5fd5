// The joint TLB: pairs of pages of one size (cpu-model.ts says how many), in the form that the four TLB instructions
// read and write. Looking an address up is here; the exceptions that follow are addresses.ts's, and the page tables
// that keep what was found are page-tables.ts's.
//
//   EntryHi   VPN2 31..13, ASID 7..0          EntryLo   PFN 25..6, C 5..3, D 2, V 1, G 0

import { Cp0, ENTRYHI_ASID } from "../cpu/cp0-registers.ts";
import { CpuModel } from "../cpu/cpu-model.ts";
import { cpu } from "../cpu/cpu.ts";
import { PageTables } from "../memory/page-tables.ts";
import { CPU_TLB, KSEG0 } from "../shared/memory-map.ts";
import {
  CP0_ENTRYHI,
  CP0_ENTRYLO0,
  CP0_ENTRYLO1,
  CP0_INDEX,
  CP0_PAGEMASK,
  CP0_WIRED,
} from "../shared/opcodes.ts";
import { MODE_BOARD } from "../shared/cpu-state.ts";

export const ENTRYLO_G: u32 = 1 << 0;
export const ENTRYLO_V: u32 = 1 << 1;
export const ENTRYLO_D: u32 = 1 << 2;
const ENTRYLO_PFN: u32 = 0x03ffffc0;
const ENTRYHI_VPN2: u32 = 0xffffe000;
/** The bits below a pair of 4 KiB pages. */
const PAIR: u32 = 0x1fff;
/** Index after a probe that found nothing. */
const PROBE_FAILED: u32 = 0x80000000;

@unmanaged
@final
export class TlbEntry {
  hi: u32;
  pageMask: u32;
  lo0: u32;
  lo1: u32;

  /** Whether this entry translates va under an EntryHi's ASID. */
  matches(va: u32, asid: u32): bool {
    const compared = ENTRYHI_VPN2 & ~this.pageMask;
    if ((this.hi ^ va) & compared) return false;
    return (this.lo0 & ENTRYLO_G) !== 0 || ((this.hi ^ asid) & ENTRYHI_ASID) === 0;
  }

  /** The EntryLo of va's half of the pair. */
  lo(va: u32): u32 {
    const half = (this.pageMask | PAIR) + 1;
    return va & (half >>> 1) ? this.lo1 : this.lo0;
  }

  /** va's physical address through this entry. */
  physical(va: u32): u32 {
    const within = (this.pageMask | PAIR) >>> 1;
    return (((this.lo(va) & ENTRYLO_PFN) << 6) & ~within) | (va & within);
  }
}

export function tlbEntry(index: u32): TlbEntry {
  return changetype<TlbEntry>(CPU_TLB + index * offsetof<TlbEntry>());
}

/** Index of the entry that translates va now, or the number of entries. */
export function tlbLookup(va: u32): u32 {
  const asid = Cp0.get(CP0_ENTRYHI);
  const entries = CpuModel.tlbEntries();
  let index: u32 = 0;
  while (index < entries && !tlbEntry(index).matches(va, asid)) index++;
  return index;
}

/** Entries that match nothing: kseg0 is never looked up. */
export function resetTlb(): void {
  for (let index: u32 = 0; index < CpuModel.tlbEntries(); index++) {
    const entry = tlbEntry(index);
    entry.hi = KSEG0 + index * (PAIR + 1);
    entry.pageMask = 0;
    entry.lo0 = 0;
    entry.lo1 = 0;
  }
  PageTables.removeTlbPages();
}

/** CP0 Random: runs down from the last entry to Wired with every instruction, and round. */
export function random(): u32 {
  const wired = Cp0.get(CP0_WIRED);
  const entries = CpuModel.tlbEntries();
  return entries - 1 - <u32>(cpu.count % (entries - wired));
}

/** TLBP: Index becomes the entry that matches EntryHi. */
export function tlbProbe(): void {
  const index = tlbLookup(Cp0.get(CP0_ENTRYHI));
  if (index === CpuModel.tlbEntries() && outlives()) removePair(Cp0.get(CP0_ENTRYHI));
  Cp0.set(CP0_INDEX, index < CpuModel.tlbEntries() ? index : Cp0.get(CP0_INDEX) | PROBE_FAILED);
}

/** TLBR: the entry at Index into EntryHi, PageMask, EntryLo0 and EntryLo1. */
export function tlbRead(): void {
  const entry = tlbEntry(indexed());
  if ((Cp0.get(CP0_ENTRYHI) ^ entry.hi) & ENTRYHI_ASID) PageTables.removeTlbPages();
  Cp0.set(CP0_ENTRYHI, entry.hi);
  Cp0.set(CP0_PAGEMASK, entry.pageMask);
  Cp0.set(CP0_ENTRYLO0, entry.lo0);
  Cp0.set(CP0_ENTRYLO1, entry.lo1);
}

/** TLBWI: writes the entry at Index. */
export function tlbWriteIndexed(): void {
  if (outlives()) PageTables.removeTlbPages();
  else removeEntry(indexed());
  write(indexed());
}

/** TLBWR: writes the entry at Random. */
export function tlbWriteRandom(): void {
  const index = random();
  const isSmall = tlbEntry(index).pageMask === 0 && Cp0.get(CP0_PAGEMASK) === 0;
  if (!outlives()) removeEntry(index);
  else if (isSmall) removePair(Cp0.get(CP0_ENTRYHI));
  else PageTables.removeTlbPages();
  write(index);
}

/**
 * Whether a page stays in the page tables when TLBWR replaces its entry. A guest can't rely on what Random replaces,
 * and with 16 entries it would refill most of the time; QEMU keeps such entries too. What a guest can notice removes
 * them: TLBP that finds none, TLBWI, which may be one of a loop that empties the TLB, and another ASID. Only on a
 * board: elsewhere the page may be one that the host mapped.
 */
function outlives(): bool {
  return (cpu.mode & MODE_BOARD) !== 0;
}

/** Removes the pages of an entry that is about to change. */
function removeEntry(index: u32): void {
  const entry = tlbEntry(index);
  const mask = ENTRYHI_VPN2 & ~entry.pageMask;
  PageTables.removeTlbPages(entry.hi & mask, mask);
}

/** Removes a pair of 4 KiB pages, both from the TLB or absent. */
function removePair(va: u32): void {
  PageTables.remove(va & ENTRYHI_VPN2);
  PageTables.remove((va & ENTRYHI_VPN2) + 0x1000);
}

function indexed(): u32 {
  return Cp0.get(CP0_INDEX) & (CpuModel.tlbEntries() - 1);
}

/** Both EntryLo carry the G they share; PFN bits within the page are clear. */
function write(index: u32): void {
  const entry = tlbEntry(index);
  const lo0 = Cp0.get(CP0_ENTRYLO0);
  const lo1 = Cp0.get(CP0_ENTRYLO1);
  const pageMask = Cp0.get(CP0_PAGEMASK);
  const keep = ~(ENTRYLO_G | ((pageMask >>> 7) & ENTRYLO_PFN));
  const global = lo0 & lo1 & ENTRYLO_G;
  entry.hi = Cp0.get(CP0_ENTRYHI) & (ENTRYHI_VPN2 | ENTRYHI_ASID);
  entry.pageMask = pageMask;
  entry.lo0 = (lo0 & keep) | global;
  entry.lo1 = (lo1 & keep) | global;
}
