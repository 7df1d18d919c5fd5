// The trace ring and function_graph's shadow stack, as assembly/tracing/ writes them and the host reads them: the ring's
// header and the stack are processor state, the slots are memory-map.ts's RING. Here too is what TRACE_ENTER's
// word and a record carry besides addresses.
//
// A slot is 16 bytes. A record of the function tracer is one slot, {ip, parent ip, u64 count}. A record of
// function_graph is two, the same and {u64 count at entry, depth and GRAPH_RETURN, overrun}; only a return has
// the first and the last of these.

import { TRACE_STATE, TRACE_WORDS } from "./memory-map.ts";

export const RING_SLOT_SIZE = 16;
export const RING_BATCH = 64; // slots after which the writer publishes them; the end of a run does too

/** The ring's header (assembly/tracing/ring.ts). */
export const RING_WRITTEN = TRACE_STATE; // u64: slots written since the ring was cleared
export const RING_CAPACITY = RING_WRITTEN + 8; // slots that the core records into: RING_SLOTS, or 0 while tracing_on is 0
export const RING_PUBLISHED = RING_CAPACITY + 8; // u64, so 4 bytes are left out before it: RING_WRITTEN as other threads may rely on it
export const RING_SLOTS = RING_PUBLISHED + 8; // slots the ring holds, a power of two
export const RING_HEADER_SIZE = 0x100; // with room

/** The shadow stack (assembly/tracing/graph.ts): what it goes by, then its frames. */
export const GRAPH_DEPTH = RING_WRITTEN + RING_HEADER_SIZE; // frames in use
export const GRAPH_OVERRUN = GRAPH_DEPTH + 4; // functions that found it full
export const GRAPH_MOST = GRAPH_OVERRUN + 4; // entries so deep or deeper are ignored; 0: none is
export const GRAPH_INSIDE = GRAPH_MOST + 4; // 1: one of set_graph_function's is open
export const GRAPH_SILENT = GRAPH_INSIDE + 4; // 1: one of set_graph_notrace's is open
export const GRAPH_RECORDING = GRAPH_SILENT + 4; // 1: returns are recorded
export const GRAPH_LIMIT = GRAPH_RECORDING + 4; // at a smaller depth, a function without GRAPH_* bits is followed without further checks
export const GRAPH_STACK = GRAPH_LIMIT + 4; // frames that the kernel's shadow stack has: GRAPH_FRAMES_MOST at most
export const GRAPH_FRAMES = GRAPH_STACK + 4; // at a multiple of 8: {return address, function and in its low bits GRAPH_*, u64 count}
export const GRAPH_FRAME_SIZE = 16;
export const GRAPH_FRAMES_MOST = 143; // the most that a 32-bit kernel has (src/ftrace/ring/shadow-stack.ts)
/** The end of the processor's state. */
export const CPU_END = GRAPH_FRAMES + GRAPH_FRAMES_MOST * GRAPH_FRAME_SIZE;

/** What other threads read about the ring (src/ftrace/ring/ring.ts); assembly/ doesn't use it. */
export const TRACE_EPOCH = TRACE_WORDS; // goes up by two whenever the ring begins anew; odd meanwhile
export const TRACE_SESSION = TRACE_EPOCH + 4; // TRACE_EPOCH when the tracer was started; one more once it is stopped
export const TRACE_START = TRACE_SESSION + 4; // u64: RING_WRITTEN when the ring began

/** Where followed functions return to under function_graph: the host puts a TRACE_RETURN word there. */
export const RETURN_HOOK = 0x80000fe0;

/** Bits of a TRACE_ENTER word's code above the saved ra's place, and of a shadow frame. */
export const GRAPH_OPENS = 1; // one of set_graph_function's
export const GRAPH_SILENCES = 2; // one of set_graph_notrace's; not recorded
export const GRAPH_WITHIN = 4; // in a word: traced only while one of set_graph_function's is open
export const GRAPH_FRAME_BITS = 3; // those that a frame can have
/** A TRACE_ENTER word's place of the saved ra: words from sp, or this in a leaf, which keeps it in ra. */
export const GRAPH_LEAF = 0xffff;
/** In a record's depth: it is a return. */
export const GRAPH_RETURN = 0x80000000;
