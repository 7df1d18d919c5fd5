// The one memory map: the areas of the shared WebAssembly memory, in their order. Each area begins where the
// one before it ends. The words inside an area are declared beside their protocol: cpu-state.ts, page-tables.ts,
// watches.ts, relocation.ts, trace-ring.ts, translated-code.ts, emitted-code.ts. asc and tsc both read these
// files, so they hold untyped integer constants, and this one imports nothing. A test checks every address here
// and there for order, alignment and overlap, and compares asconfig.json's numbers.

/** Compiler statics (asconfig.json's memoryBase). Nothing is below them, so that address 0 is never data. */
export const STATICS = 0x1000;
export const STATICS_SIZE = 0x3000;

/** The processor's state: what a snapshot holds. It begins with the words of cpu-state.ts. */
export const CPU = STATICS + STATICS_SIZE;
export const CPU_SIZE = 0x100;
/** CP0 registers: a word each, at CPU_CP0 + 4 * (register * 8 + select). */
export const CPU_CP0 = CPU + CPU_SIZE;
export const CPU_CP0_SIZE = 0x400;
/** JTLB: 64 entries of four words (EntryHi, PageMask, EntryLo0, EntryLo1). */
export const CPU_TLB = CPU_CP0 + CPU_CP0_SIZE;
export const CPU_TLB_SIZE = 0x400;
/** The trace ring's header and function_graph's shadow stack (trace-ring.ts). */
export const TRACE_STATE = CPU_TLB + CPU_TLB_SIZE;
export const TRACE_STATE_SIZE = 0xb00;

/** Words that no snapshot holds, each group in cache lines of its own: the fast loop's (cpu-state.ts) ... */
export const LOOP_WORDS = TRACE_STATE + TRACE_STATE_SIZE;
export const LOOP_WORDS_SIZE = 0x40;
/** ... what is kept between the calls that relocate one section (relocation.ts) ... */
export const RELOC_WORDS = LOOP_WORDS + LOOP_WORDS_SIZE;
export const RELOC_WORDS_SIZE = 0x40;
/** ... what other threads read about the trace ring (trace-ring.ts) ... */
export const TRACE_WORDS = RELOC_WORDS + RELOC_WORDS_SIZE;
export const TRACE_WORDS_SIZE = 0x40;
/** ... how the interpreter and translated code meet (translated-code.ts) ... */
export const UNIT_WORDS = TRACE_WORDS + TRACE_WORDS_SIZE;
export const UNIT_WORDS_SIZE = 0x80;
/** ... what is kept of the counts of instructions (execution-counts.ts) ... */
export const COUNT_WORDS = UNIT_WORDS + UNIT_WORDS_SIZE;
export const COUNT_WORDS_SIZE = 0x40;
/** ... whether jumps to marked addresses are reported (marks.ts) ... */
export const MARK_WORDS = COUNT_WORDS + COUNT_WORDS_SIZE;
export const MARK_WORDS_SIZE = 0x40;
/** ... and emit()'s inputs and results (emitted-code.ts). */
export const EMIT_WORDS = MARK_WORDS + MARK_WORDS_SIZE;
export const EMIT_WORDS_SIZE = 0x80;
/** The list of the pages that come from the TLB (page-tables.ts). */
export const TLB_PAGE_LIST = EMIT_WORDS + EMIT_WORDS_SIZE;
export const TLB_PAGE_LIST_SIZE = 0x2000;
/** The list of breakpoints and watchpoints (watches.ts). */
export const WATCH_LIST = TLB_PAGE_LIST + TLB_PAGE_LIST_SIZE;
export const WATCH_LIST_SIZE = 0x89c0; // with room, up to a page boundary

/** What the host stages for relocate(): symbol values, then relocation entries; then the list of waiting HI16. */
export const RELOC_SYMBOLS = WATCH_LIST + WATCH_LIST_SIZE;
export const RELOC_SYMBOLS_SIZE = 0x400000; // 1 Mi symbol values of a word each, or 512 Ki of 64 bits
export const RELOC_ENTRIES = RELOC_SYMBOLS + RELOC_SYMBOLS_SIZE;
export const RELOC_ENTRIES_SIZE = 0x400000; // 512 Ki Elf32_Rel entries a call, two words each, host order, or 174,762 Elf64_Rela
export const RELOC_PENDING = RELOC_ENTRIES + RELOC_ENTRIES_SIZE;
export const RELOC_PENDING_SIZE = 0x400000; // 512 Ki pending HI16, {location, value}

/** The page tables: a word for each 4 KiB page of the guest's 4 GiB (assembly/memory/pages.ts). */
export const READ_TABLE = RELOC_PENDING + RELOC_PENDING_SIZE;
export const READ_TABLE_SIZE = 0x400000;
export const WRITE_TABLE = READ_TABLE + READ_TABLE_SIZE;
export const WRITE_TABLE_SIZE = 0x400000;

/** The trace ring's slots (trace-ring.ts). */
export const RING = WRITE_TABLE + WRITE_TABLE_SIZE;
export const RING_SIZE = 0x1000000; // 1 Mi slots

/** What is known of code by its address (translated-code.ts). */
export const DISPATCH = RING + RING_SIZE;
export const DISPATCH_SIZE = 0x80000;
/** A bit for each CODE_GRAIN bytes of physical memory: whether some of them are translated code. */
export const CODE_MAP = DISPATCH + DISPATCH_SIZE;
export const CODE_MAP_SIZE = 0x400000;
/** What observation noted: {pc, target or address} pairs. */
export const OBSERVED = CODE_MAP + CODE_MAP_SIZE;
export const OBSERVED_SIZE = 0x40000;
/** Failures of guards by table slot since its unit was made, a word each. */
export const EXITS = OBSERVED + OBSERVED_SIZE;
export const EXITS_SIZE = 0x4000;
/** How many of them are allowed, a word each. */
export const EXITS_ALLOWED = EXITS + EXITS_SIZE;
export const EXITS_ALLOWED_SIZE = 0x4000;
/** WebAssembly code that emit() wrote (emitted-code.ts). */
export const EMITTED = EXITS_ALLOWED + EXITS_ALLOWED_SIZE;
export const EMITTED_SIZE = 0x1000;

/** For each 4 KiB page of the guest's 4 GiB, where in this memory its cells are, or 0 (execution-counts.ts). */
export const COUNT_TABLE = EMITTED + EMITTED_SIZE;
export const COUNT_TABLE_SIZE = 0x400000;
/** The cells of the pages of code that ran while instructions were counted: 10 MiB of code. */
export const COUNT_CELLS = COUNT_TABLE + COUNT_TABLE_SIZE;
export const COUNT_CELLS_SIZE = 0x1400000;
/** The counts of translated blocks. */
export const BLOCK_COUNTS = COUNT_CELLS + COUNT_CELLS_SIZE;
export const BLOCK_COUNTS_SIZE = 0x200000;

/** Marked addresses, a bit each (marks.ts). */
export const MARK_MAP = BLOCK_COUNTS + BLOCK_COUNTS_SIZE;
export const MARK_MAP_SIZE = 0x100000;

/** Room for further areas. */
export const UNUSED = MARK_MAP + MARK_MAP_SIZE;
export const UNUSED_SIZE = 0x27000;

/** Guest physical memory, last, so that its size can vary. Guest accesses put RAM in the offset argument. */
export const RAM = UNUSED + UNUSED_SIZE;
export const RAM_SIZE_MAX = 0x80000000;

/** The physical addresses at which a board has its RAM: the first part at 0, below its devices ... */
export const BOARD_LOW_RAM = 0x10000000; // bytes
/** ... the rest above them at its own distance from 0, if there is more than this ... */
export const BOARD_DEVICES_END = 0x20000000;
/** ... and all of it a second time from here on. */
export const BOARD_RAM_ALIAS = 0x80000000;

/** Guest pages and address segments. */
export const PAGE_SIZE = 0x1000;
export const DIRECT_SIZE = 0x20000000; // what kseg0 and kseg1 each reach: the first 512 MiB
export const KSEG0 = 0x80000000;
export const KSEG1 = 0xa0000000;
export const KSEG2 = 0xc0000000;
/** In place of an address: there is none. No physical memory is there, and no instruction is aligned so. */
export const NOWHERE = 0xffffffff;
