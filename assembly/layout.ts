// The one memory map: where everything lies in the shared WebAssembly memory, and the numbers both
// halves exchange through it. Read by asc and by tsc alike, so it holds untyped integer constants and
// no imports; each region is the sum of the one before it, and a test compares asconfig.json's numbers.
// It says where things lie, never what they mean: meanings stand with the code that owns a region.

/** Compiler statics (asconfig.json's memoryBase); nothing below it, so that offset 0 is never data. */
export const STATICS = 0x1000;
export const STATICS_SIZE = 0x3000;

/** CPU state: one overlay, assembly/cpu.ts, whose offsets are these. */
export const CPU = STATICS + STATICS_SIZE;
export const CPU_GPR = CPU; // 32 words, r0 is always 0
export const CPU_HI = CPU + 0x80;
export const CPU_LO = CPU + 0x84;
export const CPU_PC = CPU + 0x88; // the next instruction
export const CPU_NEXT_PC = CPU + 0x8c; // the one after it: pc + 4, or a pending branch's target
export const CPU_IN_DELAY_SLOT = CPU + 0x90; // 1: pc is a delay slot, its branch is at pc - 4
export const CPU_RAM_SIZE = CPU + 0x94; // bytes of guest physical memory
export const CPU_COUNT = CPU + 0x98; // u64: instructions completed since reset
export const CPU_LIMIT = CPU + 0xa0; // u64: run() stops when CPU_COUNT reaches it
export const CPU_MODE = CPU + 0xa8; // MODE_* bits: how the host wants exceptions and farjal's own words taken
export const CPU_STOP_VALUE = CPU + 0xac; // what goes with a stop reason: hypercall code, exception code
export const CPU_RETURN_TO = CPU + 0xb0; // run() stops with STOP_RETURN when pc is this address
export const CPU_LL_ADDRESS = CPU + 0xb4; // physical address of the last LL
export const CPU_LL_BIT = CPU + 0xb8;
export const CPU_BRANCH_TARGET = CPU + 0xbc; // where the branch that is being read goes after its delay slot
export const CPU_FORBIDDEN = CPU + 0xc0; // address bits the present mode may not use: 0x80000000 in user mode
export const CPU_STOP = CPU + 0xc4; // STOP_* that the instruction being read asks for, or RUNNING
export const CPU_TIMER_DUE = CPU + 0xc8; // u64: CPU_COUNT at which Count meets Compare
export const CPU_IDLE = CPU + 0xd0; // u64: time skipped by WAIT, in instructions; CPU_COUNT + CPU_IDLE is the clock
export const CPU_COUNT_OFFSET = CPU + 0xd8; // CP0 Count less the clock's share of it
export const CPU_INTERRUPTS = CPU + 0xdc; // interrupt lines held by devices, at Cause.IP's bits
export const CPU_RECORD_IP = CPU + 0xe0; // TRACE_CALL's record on its way to the ring
export const CPU_RECORD_PARENT = CPU + 0xe4;
/** CP0 registers: a word each, at CPU_CP0 + 4 * (register * 8 + select). */
export const CPU_CP0 = CPU + 0x100;
export const CPU_CP0_SIZE = 0x400;
/** JTLB: 64 entries of four words (EntryHi, PageMask, EntryLo0, EntryLo1). */
export const CPU_TLB = CPU_CP0 + CPU_CP0_SIZE;
export const CPU_TLB_SIZE = 0x400;
/** Trace ring's header (assembly/ring.ts). */
export const RING_WRITTEN = CPU_TLB + CPU_TLB_SIZE; // u64: records written since the ring was cleared
export const RING_CAPACITY = RING_WRITTEN + 8; // records the ring holds, a power of two; 0 drops every record
export const CPU_END = RING_WRITTEN + 0x100;
/** Room for state that only the core uses (relocation cursors, fetch cache, code generation numbers). */
export const PRIVATE = 0x5000;
export const PRIVATE_SIZE = 0xb000;

/** Staging area: what TypeScript hands to relocate(): symbol values, then relocation entries, then the HI16 list. */
export const RELOC_SYMBOLS = PRIVATE + PRIVATE_SIZE;
export const RELOC_SYMBOLS_SIZE = 0x400000; // 1 Mi symbol values, a word each, or 512 Ki of 64 bits
export const RELOC_ENTRIES = RELOC_SYMBOLS + RELOC_SYMBOLS_SIZE;
export const RELOC_ENTRIES_SIZE = 0x400000; // 512 Ki Elf32_Rel entries a call, two words each, host order, or 174,762 Elf64_Rela
export const RELOC_PENDING = RELOC_ENTRIES + RELOC_ENTRIES_SIZE;
export const RELOC_PENDING_SIZE = 0x400000; // 512 Ki pending HI16, {location, value}

/** Software page tables, a word per 4 KiB page of the 4 GiB guest space; see assembly/memory.ts. */
export const READ_TABLE = RELOC_PENDING + RELOC_PENDING_SIZE;
export const READ_TABLE_SIZE = 0x400000;
export const WRITE_TABLE = READ_TABLE + READ_TABLE_SIZE;
export const WRITE_TABLE_SIZE = 0x400000;

/** Trace ring: 16-byte records {ip, parent ip, instruction count low, high}. */
export const RING = WRITE_TABLE + WRITE_TABLE_SIZE;
export const RING_RECORD_SIZE = 16;
export const RING_SIZE = 0x1000000; // 1 Mi records

/** Guest physical memory, last, so that its size can vary. Guest accesses put RAM in the offset argument. */
export const RAM = 0x4000000;
export const RAM_SIZE_MAX = 0x20000000; // kseg0's 512 MiB
export const PAGE_SIZE = 0x1000;

/** Guest address segments. */
export const KSEG0 = 0x80000000;
export const KSEG1 = 0xa0000000;
export const KSEG2 = 0xc0000000;

/** CPU_MODE bits. */
export const MODE_STOP_ON_EXCEPTION = 1; // the host takes exceptions; no vector is entered
export const MODE_FARJAL_WORDS = 2; // HYPERCALL, TRACE_SITE and TRACE_CALL are instructions, not reserved

/** Why run() returned. */
export const STOP_LIMIT = 0; // CPU_COUNT reached CPU_LIMIT
export const STOP_RETURN = 1; // pc reached CPU_RETURN_TO
export const STOP_HYPERCALL = 2; // a HYPERCALL word; CPU_STOP_VALUE is its code; pc is the word itself
export const STOP_EXCEPTION = 3; // CPU_STOP_VALUE is Cause.ExcCode; Cause, EPC, BadVAddr tell the rest
export const STOP_WAIT = 4; // WAIT with no interrupt that could ever end it
export const STOP_BREAKPOINT = 5; // pc is a breakpoint's address
export const STOP_WATCHPOINT = 6; // the instruction at pc would touch CPU_STOP_VALUE, which is watched
export const STOP_NO_HANDLER = 7; // exception CPU_STOP_VALUE while one is taken, which Cause and EPC (or Debug and DEPC) tell of

export const RUNNING = 0xffffffff; // CPU_STOP while there is no reason to stop

/** What relocate() returns: 0, or why it stopped; RELOC_FAILED_AT tells which entry. */
export const RELOC_OK = 0;
export const RELOC_OVERFLOW = 1;
export const RELOC_DANGEROUS = 2;
export const RELOC_UNKNOWN_TYPE = 3;
export const RELOC_UNKNOWN_SYMBOL = 4; // value in the errno range, symbol not weak
export const RELOC_UNPAIRED_HI16 = 5;
export const RELOC_OUT_OF_SECTION = 6; // r_offset past the section: farjal's own check
export const RELOC_TOO_MANY_PENDING = 7;
export const RELOC_NOT_ON_32_BIT = 8; // R_MIPS_64, HIGHER, HIGHEST
export const RELOC_NO_SYMBOL = 9; // the symbol's index is past the table: farjal's own check
export const RELOC_COMPOSITE = 10; // r_ssym, r_type2 or r_type3 isn't zero: farjal's own check
/** relocate()'s cursor words, in PRIVATE. */
export const RELOC_FAILED_AT = PRIVATE; // index of the entry that failed, counted from the section's first
export const RELOC_PENDING_COUNT = PRIVATE + 4; // HI16 entries waiting, kept between the calls of one section
export const RELOC_DONE = PRIVATE + 8; // entries taken so far in this section
/** assembly/pages.ts's list of the pages that stem from the TLB, in PRIVATE: a length, then page numbers. */
export const TLB_PAGES_LENGTH = PRIVATE + 0x100;
export const TLB_PAGES = PRIVATE + 0x104;
export const TLB_PAGES_CAPACITY = 0x400;
/** assembly/watches.ts's list, in PRIVATE: its length, which stops were told and where, then the watches. */
export const WATCH_LENGTH = PRIVATE + 0x2000;
export const WATCH_TOLD = PRIVATE + 0x2004; // bit 1 << STOP_*: told of the instruction at the two below
export const WATCH_TOLD_COUNT = PRIVATE + 0x2008; // u64
export const WATCH_TOLD_PC = PRIVATE + 0x2010;
export const WATCHES = PRIVATE + 0x2020; // three words each: first address, last address, WATCH_* bits
export const WATCHES_CAPACITY = 0x400;
export const WATCH_SIZE = 12;

/** What a watch stops. */
export const WATCH_EXECUTE = 1;
export const WATCH_READ = 2;
export const WATCH_WRITE = 4;
