// farjal's own words, in the space the manual leaves to users: how the guest calls the host, and how a
// traced function writes its record. They are reserved unless the host switched them on, and in user mode.

import { A0, A1, RA } from "../cpu/registers.ts";
import { EXC_RI } from "../shared/opcodes.ts";

/** Bits 25..6 are the code. */
export function hypercall<O>(o: O, word: u32): u32 {
  if (!o.farjalWords()) return o.signal(EXC_RI);
  return o.hypercall((word >>> 6) & 0xfffff);
}

/** The site is this word, or the branch whose delay slot it fills; the caller is in ra. */
export function traceSite<O>(o: O): u32 {
  if (!o.farjalWords()) return o.signal(EXC_RI);
  return o.recordSite(o.get(RA));
}

export function traceCall<O>(o: O): u32 {
  if (!o.farjalWords()) return o.signal(EXC_RI);
  return o.recordCall(o.get(A0), o.get(A1));
}

/** The saved ra is in ra, or so many words above sp. */
export function traceEnter<O>(o: O, word: u32): u32 {
  if (!o.farjalWords()) return o.signal(EXC_RI);
  return o.enterTraced(word);
}

export function traceReturn<O>(o: O): u32 {
  if (!o.farjalWords()) return o.signal(EXC_RI);
  return o.returnTraced();
}

export function traceGraph<O>(o: O): u32 {
  if (!o.farjalWords()) return o.signal(EXC_RI);
  return o.recordGraph();
}
