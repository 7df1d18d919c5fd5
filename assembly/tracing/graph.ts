// function_graph's shadow stack: the real return addresses of functions redirected through RETURN_HOOK, and what
// their return needs. Which functions get a frame, and which of those a record, is as
// kernel/trace/fgraph.c and trace_functions_graph.c have it: a full stack first, then set_graph_notrace, then
// set_graph_function and the greatest depth. Where ra is and how the registers change is the readings' part.

import { cpu } from "../cpu/cpu.ts";
import { RA } from "../cpu/registers.ts";
import { Pages } from "../memory/pages.ts";
import { CPU_GPR, MODE_FARJAL_WORDS } from "../shared/cpu-state.ts";
import { NOWHERE } from "../shared/memory-map.ts";
import {
  GRAPH_DEPTH,
  GRAPH_FRAME_BITS,
  GRAPH_FRAME_SIZE,
  GRAPH_FRAMES,
  GRAPH_FRAMES_MOST,
  GRAPH_INSIDE,
  GRAPH_LEAF,
  GRAPH_LIMIT,
  GRAPH_MOST,
  GRAPH_OPENS,
  GRAPH_OVERRUN,
  GRAPH_RECORDING,
  GRAPH_RETURN,
  GRAPH_SILENCES,
  GRAPH_SILENT,
  GRAPH_STACK,
  GRAPH_WITHIN,
  RETURN_HOOK,
} from "../shared/trace-ring.ts";
import { FUEL, FUEL_END } from "../shared/translated-code.ts";
import { Ring } from "./ring.ts";

/** Where a TRACE_ENTER word has its GRAPH_* bits. */
const BITS_SHIFT: u32 = 22;
const BITS: u32 = (GRAPH_OPENS | GRAPH_WITHIN | GRAPH_SILENCES) << BITS_SHIFT;

/** What a TRACE_ENTER word says of the saved ra: words above sp, or GRAPH_LEAF. */
// @ts-ignore: decorator
@inline
export function raPlace(word: u32): u32 {
  return (word >>> 6) & 0xffff;
}

/** Whether a TRACE_ENTER word says that one of the graph filters has to be looked at. */
// @ts-ignore: decorator
@inline
export function isFiltered(word: u32): bool {
  return (word & BITS) !== 0;
}

@final
export class Graph {
  /** A function was entered by a TRACE_ENTER word; whether its return is to be redirected through RETURN_HOOK. */
  @inline static enter(word: u32, site: u32, returnAddress: u32, count: u64): bool {
    const depth = load<u32>(GRAPH_DEPTH);
    if (depth < load<u32>(GRAPH_LIMIT) && !isFiltered(word)) {
      Graph.push(depth, returnAddress, site, count);
      Ring.recordEntry(site, returnAddress, count, depth);
      return true;
    }
    return Graph.enterSlowly(word, site, returnAddress, count);
  }

  /** The same with every check of the kernel's. */
  static enterSlowly(word: u32, site: u32, returnAddress: u32, count: u64): bool {
    const depth = load<u32>(GRAPH_DEPTH);
    if (depth >= load<u32>(GRAPH_STACK)) {
      store<u32>(GRAPH_OVERRUN, load<u32>(GRAPH_OVERRUN) + 1);
      return false;
    }
    if (load<u32>(GRAPH_SILENT)) return false;
    let bits = (word & BITS) >>> BITS_SHIFT;
    if (bits & GRAPH_SILENCES) {
      Graph.silence(1);
      Graph.push(depth, returnAddress, site | GRAPH_SILENCES, count);
      return true;
    }
    const inside = load<u32>(GRAPH_INSIDE);
    if (bits & GRAPH_WITHIN && !inside) return false;
    const most = load<u32>(GRAPH_MOST);
    if (most !== 0 && depth >= most) return false;
    bits = bits & GRAPH_OPENS && !inside ? GRAPH_OPENS : 0;
    if (bits) store<u32>(GRAPH_INSIDE, 1);
    Graph.push(depth, returnAddress, site | bits, count);
    Ring.recordEntry(site, returnAddress, count, depth);
    return true;
  }

  /** Whether there is a function to return from. */
  @inline static mayReturn(): bool {
    return load<u32>(GRAPH_DEPTH) - 1 < <u32>GRAPH_FRAMES_MOST;
  }

  /** The last function returns; where to. */
  @inline static leave(count: u64): u32 {
    const depth = load<u32>(GRAPH_DEPTH) - 1;
    const at = depth * GRAPH_FRAME_SIZE;
    const returnAddress = load<u32>(at, GRAPH_FRAMES);
    const site = load<u32>(at, GRAPH_FRAMES + 4);
    store<u32>(GRAPH_DEPTH, depth);
    if (site & GRAPH_FRAME_BITS) {
      if (site & GRAPH_OPENS) store<u32>(GRAPH_INSIDE, 0);
      else Graph.silence(0);
    }
    if (!(site & GRAPH_SILENCES) && load<u32>(GRAPH_RECORDING)) {
      const entered = load<u64>(at, GRAPH_FRAMES + 8);
      const overrun = load<u32>(GRAPH_OVERRUN);
      const ip = site & ~GRAPH_FRAME_BITS;
      Ring.recordGraph(ip, returnAddress, count, entered, depth | GRAPH_RETURN, overrun);
    }
    return returnAddress;
  }

  static silence(on: u32): void {
    const most = load<u32>(GRAPH_MOST);
    const frames = load<u32>(GRAPH_STACK);
    store<u32>(GRAPH_SILENT, on);
    store<u32>(GRAPH_LIMIT, on ? 0 : most === 0 ? frames : min(most, frames));
  }

  @inline static push(depth: u32, returnAddress: u32, site: u32, count: u64): void {
    const at = depth * GRAPH_FRAME_SIZE;
    store<u32>(at, returnAddress, GRAPH_FRAMES);
    store<u32>(at, site, GRAPH_FRAMES + 4);
    store<u64>(at, count, GRAPH_FRAMES + 8);
    store<u32>(GRAPH_DEPTH, depth + 1);
  }
}

/**
 * For translated code: TRACE_ENTER, with FUEL as it is then. Returns the new ra, or NOWHERE, with nothing
 * done, when the word has to be read exactly.
 */
export function enterTraced(word: u32, site: u32, sp: u32, ra: u32, fuel: u32): u32 {
  if (ra === NOWHERE) return NOWHERE; // as an answer it would mean something else
  const count = load<u64>(FUEL_END) - fuel;
  const place = raPlace(word);
  if (place === GRAPH_LEAF) return Graph.enter(word, site, ra, count) ? RETURN_HOOK : ra;
  const va = sp + (place << 2);
  const page = Pages.writable(va);
  if (!Pages.admits(page, va, cpu.forbidden | 3)) return NOWHERE;
  if (Graph.enter(word, site, Pages.load32(page, va), count)) Pages.store32(page, va, RETURN_HOOK);
  return ra;
}

/**
 * For translated code, with the signature of a unit: TRACE_RETURN at RETURN_HOOK, repeated while it returns there. It does
 * nothing where the run ends, for that is before it.
 */
export function returnTraced(pc: u32, _depth: u32): u32 {
  const fuel = load<u32>(FUEL);
  if (<i32>fuel <= 0 || !(cpu.mode & MODE_FARJAL_WORDS)) return pc;
  const count = load<u64>(FUEL_END) - fuel;
  let to = pc;
  while (to === RETURN_HOOK && Graph.mayReturn()) {
    to = Graph.leave(count);
    store<u32>(CPU_GPR + RA, to);
  }
  return to;
}
