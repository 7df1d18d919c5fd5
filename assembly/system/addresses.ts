// Exact address translation: the physical address of a guest address in the present mode, or the exception. The
// fast reading comes here only through the exact one, when the page tables (pages.ts) have no entry; what is
// found is entered there. Every access ends in RAM, in a page the host mapped, in a device of a board, whose
// pages are never entered, or in an exception. What is returned is a place in RAM or at a device (memory/bus.ts).
//
//   useg 0..7fffffff   mapped by the TLB; unmapped while Status.ERL is set
//   kseg0, kseg1       80000000.., a0000000..: physical memory, direct; kernel only
//   kseg2, kseg3       c0000000..ffffffff: mapped by the TLB; kernel only, but supervisor mode has kseg2 too

import { Cp0, STATUS_ERL } from "../cpu/cp0-registers.ts";
import { CpuModel } from "../cpu/cpu-model.ts";
import { cpu } from "../cpu/cpu.ts";
import { Observation } from "../cpu/observation.ts";
import { Bus, ramAt } from "../memory/bus.ts";
import { PageTables } from "../memory/page-tables.ts";
import { Pages } from "../memory/pages.ts";
import { meetsWatchpoint } from "../memory/watches.ts";
import { MODE_BOARD } from "../shared/cpu-state.ts";
import { KSEG0, KSEG2, NOWHERE } from "../shared/memory-map.ts";
import {
  CP0_STATUS,
  EXC_ADEL,
  EXC_ADES,
  EXC_DBE,
  EXC_IBE,
  EXC_MOD,
  EXC_TLBL,
  EXC_TLBS,
} from "../shared/opcodes.ts";
import { WATCH_READ, WATCH_WRITE } from "../shared/watches.ts";
import { signal, signalAddress, signalTlb } from "./exceptions.ts";
import { inSupervisorMode } from "./mode.ts";
import { ENTRYLO_D, ENTRYLO_V, tlbEntry, tlbLookup } from "./tlb.ts";

/** What an access is for. */
export const FETCH: u32 = 0;
export const LOAD: u32 = 1;
export const STORE: u32 = 2;

/** kseg0 and kseg1 are windows on the first 512 MiB. */
const DIRECT_MASK: u32 = 0x1fffffff;

/**
 * The physical address of va, or NOWHERE after signalling the exception or meeting a watchpoint.
 * size is the access's in bytes, a power of two: va must be a multiple of it.
 */
export function physicalOf(va: u32, size: u32, access: u32): u32 {
  const physical = locate(va, size, access);
  return watched(physical, va, va + size - 1, access) ? NOWHERE : physical;
}

/** The same for lwl and swl: the bytes from va to the end of its word that is the most significant. */
export function physicalOfLeft(va: u32, access: u32): u32 {
  return BIG_ENDIAN ? physicalOfUp(va, access) : physicalOfDown(va, access);
}

/** The same for lwr and swr, to the least significant end. */
export function physicalOfRight(va: u32, access: u32): u32 {
  return BIG_ENDIAN ? physicalOfDown(va, access) : physicalOfUp(va, access);
}

function physicalOfUp(va: u32, access: u32): u32 {
  const physical = locate(va, 1, access);
  return watched(physical, va, va | 3, access) ? NOWHERE : physical;
}

function physicalOfDown(va: u32, access: u32): u32 {
  const physical = locate(va, 1, access);
  return watched(physical, va & ~3, va, access) ? NOWHERE : physical;
}

/** Whether an access that goes to physical meets a watchpoint; one that failed doesn't, nor does a fetch. */
function watched(physical: u32, first: u32, last: u32, access: u32): bool {
  if (physical === NOWHERE || access === FETCH) return false;
  Observation.note(first);
  return meetsWatchpoint(first, last, access === STORE ? WATCH_WRITE : WATCH_READ);
}

function locate(va: u32, size: u32, access: u32): u32 {
  const addressError = access === STORE ? EXC_ADES : EXC_ADEL;
  if (va & (size - 1)) {
    signalAddress(addressError, va);
    return NOWHERE;
  }
  if (va & cpu.forbidden && !(inSupervisorSegment(va) && inSupervisorMode())) {
    // Context and EntryHi, UNDEFINED after this, change as QEMU's do.
    signalTlb(addressError, va, false);
    return NOWHERE;
  }
  const entry = access === STORE ? Pages.writable(va) : Pages.readable(va);
  if (entry) return Pages.physical(entry, va);
  if (va >= KSEG0 && va < KSEG2) return direct(va, va & DIRECT_MASK, access, false);
  if (va < KSEG0 && Cp0.has(CP0_STATUS, STATUS_ERL)) return direct(va, va, access, true);
  return mapped(va, access);
}

/** ksseg, as kseg2 is called in supervisor mode: c0000000..dfffffff. */
function inSupervisorSegment(va: u32): bool {
  return va >>> 29 === 6;
}

/** An unmapped segment: there is RAM or a device at the physical address, or a bus error. */
function direct(va: u32, physical: u32, access: u32, leaves: bool): u32 {
  const place = ramAt(physical);
  if (place === NOWHERE) return outside(physical, access);
  if (leaves) PageTables.enterFromTlb(va, place, true);
  else PageTables.enter(va, place, true);
  return place;
}

function mapped(va: u32, access: u32): u32 {
  // Readable but not writable: only the store is at fault, whether the host or the TLB mapped the page. On a board
  // the host maps none, and the TLB's entry may be gone, which then is what the guest has to know.
  if (access === STORE && Pages.readable(va) && !(cpu.mode & MODE_BOARD)) {
    signalTlb(EXC_MOD, va, false);
    return NOWHERE;
  }
  const index = tlbLookup(va);
  const missing = index === CpuModel.tlbEntries();
  const lo = missing ? 0 : tlbEntry(index).lo(va);
  if (!(lo & ENTRYLO_V)) {
    signalTlb(access === STORE ? EXC_TLBS : EXC_TLBL, va, missing);
    return NOWHERE;
  }
  const writable = (lo & ENTRYLO_D) !== 0;
  if (access === STORE && !writable) {
    signalTlb(EXC_MOD, va, false);
    return NOWHERE;
  }
  const physical = tlbEntry(index).physical(va);
  const place = ramAt(physical);
  if (place === NOWHERE) return outside(physical, access);
  PageTables.enterFromTlb(va, place, writable);
  return place;
}

/** Outside RAM: for a board's devices to answer, which hold data only. */
function outside(physical: u32, access: u32): u32 {
  const mayAnswer = (cpu.mode & MODE_BOARD) !== 0 && access !== FETCH;
  return mayAnswer ? Bus.devicePlace(physical) : busError(access);
}

function busError(access: u32): u32 {
  signal(access === FETCH ? EXC_IBE : EXC_DBE);
  return NOWHERE;
}

/**
 * Where an access of the host would go, in the rights of kernel mode, without an exception and without
 * touching any state: the offset in RAM, or NOWHERE.
 */
export function probe(va: u32, write: u32): u32 {
  const entry = write ? Pages.writable(va) : Pages.readable(va);
  if (entry) return Pages.physical(entry, va);
  let physical: u32 = NOWHERE;
  if (va >= KSEG0 && va < KSEG2) {
    physical = va & DIRECT_MASK;
  } else if (va < KSEG0 && Cp0.has(CP0_STATUS, STATUS_ERL)) {
    physical = va;
  } else if (!(write && Pages.readable(va))) {
    const index = tlbLookup(va);
    const needed = write ? ENTRYLO_V | ENTRYLO_D : ENTRYLO_V;
    if (index < CpuModel.tlbEntries() && (tlbEntry(index).lo(va) & needed) === needed)
      physical = tlbEntry(index).physical(va);
  }
  return physical === NOWHERE ? NOWHERE : ramAt(physical);
}
