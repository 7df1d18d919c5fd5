// The one memory map: where everything lies in the shared WebAssembly memory, and the numbers both
// halves exchange through it. Read by asc and by tsc alike, so it holds untyped integer constants and
// no imports; each region is the sum of the one before it, and a test compares asconfig.json's numbers.
// It says where things lie, never what they mean: meanings stand with the code that owns a region.

/** Compiler statics (asconfig.json's memoryBase); nothing below it, so that offset 0 is never data. */
export const STATICS = 0x1000;
export const STATICS_SIZE = 0x3000;

/** CPU state: one overlay, assembly/cpu/cpu.ts, whose offsets are these. */
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
export const CPU_EVENT_DUE = CPU + 0xe8; // u64: CPU_COUNT at which the host has something to do, or all ones
export const CPU_DEVICE_FAULT = CPU + 0xf0; // 1: the device access that just ended found no device
/** CP0 registers: a word each, at CPU_CP0 + 4 * (register * 8 + select). */
export const CPU_CP0 = CPU + 0x100;
export const CPU_CP0_SIZE = 0x400;
/** JTLB: 64 entries of four words (EntryHi, PageMask, EntryLo0, EntryLo1). */
export const CPU_TLB = CPU_CP0 + CPU_CP0_SIZE;
export const CPU_TLB_SIZE = 0x400;
/** Trace ring's header (assembly/tracing/ring.ts). */
export const RING_WRITTEN = CPU_TLB + CPU_TLB_SIZE; // u64: slots written since the ring was cleared
export const RING_CAPACITY = RING_WRITTEN + 8; // slots the core records into: RING_SLOTS, or 0 while tracing_on is 0
export const RING_PUBLISHED = RING_WRITTEN + 16; // u64: RING_WRITTEN as other threads may rely on it
export const RING_SLOTS = RING_WRITTEN + 24; // slots the ring holds, a power of two
export const RING_BATCH = 64; // slots after which the writer publishes them; the end of a run does too
/** function_graph's shadow stack (assembly/tracing/graph.ts): what it goes by, then its frames. */
export const GRAPH_DEPTH = RING_WRITTEN + 0x100; // frames in use
export const GRAPH_OVERRUN = GRAPH_DEPTH + 4; // functions that found it full
export const GRAPH_MOST = GRAPH_DEPTH + 8; // entries so deep or deeper are ignored; 0: none is
export const GRAPH_INSIDE = GRAPH_DEPTH + 12; // 1: one of set_graph_function's is open
export const GRAPH_SILENT = GRAPH_DEPTH + 16; // 1: one of set_graph_notrace's is open
export const GRAPH_RECORDING = GRAPH_DEPTH + 20; // 1: returns are recorded
export const GRAPH_LIMIT = GRAPH_DEPTH + 24; // less deep, a function without GRAPH_* bits is followed: nothing is in its way
export const GRAPH_FRAMES = GRAPH_DEPTH + 0x20; // {return address, function and in its low bits GRAPH_*, u64 count}
export const GRAPH_FRAME_SIZE = 16;
export const GRAPH_FRAMES_MOST = 50; // FTRACE_RETFUNC_DEPTH
export const CPU_END = GRAPH_FRAMES + GRAPH_FRAMES_MOST * GRAPH_FRAME_SIZE;
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

/** Software page tables, a word per 4 KiB page of the 4 GiB guest space; see assembly/memory/translate.ts. */
export const READ_TABLE = RELOC_PENDING + RELOC_PENDING_SIZE;
export const READ_TABLE_SIZE = 0x400000;
export const WRITE_TABLE = READ_TABLE + READ_TABLE_SIZE;
export const WRITE_TABLE_SIZE = 0x400000;

/**
 * Trace ring, in slots of 16 bytes. A record of the function tracer is one, {ip, parent ip, u64 count}; one of
 * function_graph is two, the same and {u64 count at entry, depth and GRAPH_RETURN, overrun}; only a return has the
 * first and the last of these.
 */
export const RING = WRITE_TABLE + WRITE_TABLE_SIZE;
export const RING_SLOT_SIZE = 16;
export const RING_SIZE = 0x1000000; // 1 Mi slots

/** What is known of code by its address: where it is translated, or how often it was come to (dispatch.ts). */
export const DISPATCH = RING + RING_SIZE;
export const DISPATCH_ENTRIES = 0x10000; // {guest address, DISPATCH_* state}, two words each
export const DISPATCH_SIZE = 0x80000;
export const DISPATCH_LOW = 2; // an address' entry: its bits from here up, xor those from DISPATCH_HIGH up
export const DISPATCH_HIGH = 18;
export const DISPATCH_TRANSLATED = 0x80000000; // state bit: the rest is the region's table slot
export const DISPATCH_NEVER = 0x40000000; // state bit: not to be translated; without either, a count of visits
/** A bit for each CODE_GRAIN bytes of physical memory: some of them are translated code (code-map.ts). */
export const CODE_MAP = DISPATCH + DISPATCH_SIZE;
export const CODE_MAP_SIZE = 0x100000;
export const CODE_GRAIN = 64;
/** What observe() saw: {pc, target or address} pairs (observation.ts). */
export const OBSERVED = CODE_MAP + CODE_MAP_SIZE;
export const OBSERVED_SIZE = 0x40000;
/** Guard failures by table slot since the region was made, and how many it may have (dispatch.ts). */
export const EXITS = OBSERVED + OBSERVED_SIZE;
export const EXITS_ALLOWED = EXITS + 0x4000;
export const SLOTS = 0x1000;
/** WebAssembly code that emit() wrote (emit.ts). */
export const EMITTED = EXITS_ALLOWED + 0x4000;
export const EMITTED_SIZE = 0x1000;

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
export const MODE_FARJAL_WORDS = 2; // HYPERCALL and the TRACE_ words are instructions, not reserved
export const MODE_BOARD = 4; // physical addresses past RAM are the host's devices, and WAIT stops with STOP_IDLE

/** Where functions return to that function_graph follows: a word that sends them on, put there by the host. */
export const RETURN_HOOK = 0x80000fe0;

/** Bits of a TRACE_ENTER word's code above the saved ra's place, and of a shadow frame. */
export const GRAPH_OPENS = 1; // one of set_graph_function's
export const GRAPH_SILENCES = 2; // one of set_graph_notrace's; not recorded
export const GRAPH_WITHIN = 4; // in a word: traced only while one of set_graph_function's is open
export const GRAPH_FRAME_BITS = 3; // what a frame may have of them
/** A TRACE_ENTER word's place of the saved ra: words from sp, or this in a leaf, which keeps it in ra. */
export const GRAPH_LEAF = 0xffff;
/** In a record's depth: it is a return. */
export const GRAPH_RETURN = 0x80000000;

/** Why run() returned. */
export const STOP_LIMIT = 0; // CPU_COUNT reached CPU_LIMIT
export const STOP_RETURN = 1; // pc reached CPU_RETURN_TO
export const STOP_HYPERCALL = 2; // a HYPERCALL word; CPU_STOP_VALUE is its code; pc is the word itself
export const STOP_EXCEPTION = 3; // CPU_STOP_VALUE is Cause.ExcCode; Cause, EPC, BadVAddr tell the rest
export const STOP_WAIT = 4; // WAIT with no interrupt that could ever end it
export const STOP_BREAKPOINT = 5; // pc is a breakpoint's address
export const STOP_WATCHPOINT = 6; // the instruction at pc would touch CPU_STOP_VALUE, which is watched
export const STOP_NO_HANDLER = 7; // exception CPU_STOP_VALUE while one is taken, which Cause and EPC (or Debug and DEPC) tell of

/** Reasons that concern the translator alone; Core goes on by itself. */
export const STOP_HOT = 8; // pc was come to often enough to be translated
export const STOP_EXITS = 9; // a region's guards failed often; STOP_ABOUT is its table slot
export const STOP_CODE = 10; // the last instruction wrote to translated code, at physical STOP_ABOUT

/** Reasons that a board has. */
export const STOP_IDLE = 11; // WAIT was completed, and no interrupt ends it yet
export const STOP_EVENT = 12; // CPU_COUNT reached CPU_EVENT_DUE
export const STOP_DEVICE = 13; // a device asked for it; the instruction that reached the device is completed

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
/** assembly/memory/pages.ts's list of the pages that stem from the TLB, in PRIVATE: a length, then page numbers. */
export const TLB_PAGES_LENGTH = PRIVATE + 0x100;
export const TLB_PAGES = PRIVATE + 0x104;
export const TLB_PAGES_CAPACITY = 0x400;
/** The fast reading's words, in PRIVATE; see assembly/cpu/interpreter.ts. */
export const STRETCH_END = PRIVATE + 0x1200; // where the instructions end that follow each other; 0: look at OUTCOME
export const OUTCOME = PRIVATE + 0x1204; // of the last instruction, unless it was NEXT
/** assembly/memory/watches.ts's list, in PRIVATE: its length, which stops were told and where, then the watches. */
export const WATCH_LENGTH = PRIVATE + 0x2000;
export const WATCH_TOLD = PRIVATE + 0x2004; // bit 1 << STOP_*: told of the instruction at the two below
export const WATCH_TOLD_COUNT = PRIVATE + 0x2008; // u64
export const WATCH_TOLD_PC = PRIVATE + 0x2010;
export const WATCHES = PRIVATE + 0x2020; // three words each: first address, last address, WATCH_* bits
export const WATCHES_CAPACITY = 0x400;
export const WATCH_SIZE = 12;
/** What tells other threads of the ring (src/ftrace/ring/ring.ts), in PRIVATE: the core doesn't look at it. */
export const TRACE_EPOCH = PRIVATE + 0x5800; // goes up by two whenever the ring begins anew; odd meanwhile
export const TRACE_START = PRIVATE + 0x5808; // u64: RING_WRITTEN then
export const TRACE_SESSION = PRIVATE + 0x5804; // TRACE_EPOCH when the tracer was started; one more once it is stopped

/** The translator's words, in PRIVATE. */
export const ENGINE = PRIVATE + 0x6000; // 1: run() enters translated code, and stops where more is wanted
export const FUEL = PRIVATE + 0x6004; // i32: instructions that translated code may still complete
export const FUEL_END = PRIVATE + 0x6008; // u64: CPU_COUNT + FUEL, the same all through a stay in it
export const EXITED = PRIVATE + 0x6010; // table slot of the region whose guard ended the stay, or 0
export const HOT_AFTER = PRIVATE + 0x6014; // visits after which run() stops with STOP_HOT
export const OBSERVING = PRIVATE + 0x6018; // 1: accesses and jumps are noted in OBSERVED
export const OBSERVED_LENGTH = PRIVATE + 0x601c; // bytes noted
/** emit()'s answer besides the code: what the instruction is to the frame around it. */
export const EMIT_LENGTH = PRIVATE + 0x6020; // bytes at EMITTED
export const EMIT_READS = PRIVATE + 0x6024; // a bit for each register read; bit 0 stands for HI and LO
export const EMIT_WRITES = PRIVATE + 0x6028;
export const EMIT_TARGET = PRIVATE + 0x602c; // of a branch or jump, if EMIT_KIND says that it is known
export const EMIT_LINK = PRIVATE + 0x6030; // the register that gets the return address, or 0
/** emit()'s inputs: how the instruction's access finds memory, and how its guards leave. */
export const EMIT_EXIT = PRIVATE + 0x6034; // the value that goes with a guard's branch
export const EMIT_LABEL = PRIVATE + 0x6038; // relative depth of that branch's label
export const EMIT_ACCESS = PRIVATE + 0x603c; // ACCESS_*
export const EMIT_WINDOW_START = PRIVATE + 0x6040; // guest address
export const EMIT_WINDOW_SIZE = PRIVATE + 0x6044; // bytes; 0: an earlier guard has looked
export const EMIT_WINDOW_OFFSET = PRIVATE + 0x6048; // where its first byte lies in this memory
export const EMIT_REFUND = PRIVATE + 0x604c; // instructions that FUEL is ahead by here
export const EMIT_SITE = PRIVATE + 0x6050; // the address that a trace record of this instruction names

/** emit()'s answer too: whether the code has a guard. */
export const EMIT_GUARDS = PRIVATE + 0x6058;

/** What stays in translated code came to, each a u64. */
export const STAYED = PRIVATE + 0x6080; // instructions completed there
export const LEFT_BY_GUARD = PRIVATE + 0x6088; // stays that a guard ended
export const LEFT_BY_RETURN = PRIVATE + 0x6090; // where the run ends
export const LEFT_FOR_UNTRANSLATED = PRIVATE + 0x6098; // before code that is the interpreter's
export const LEFT_FOR_TRANSLATED = PRIVATE + 0x60a0; // before code that is not: out of fuel, or too deep

/** What goes with a stop that is the translator's own. */
export const STOP_ABOUT = PRIVATE + 0x6054;

/** EMIT_ACCESS: through the page tables; in a window whose place is known; a store that may hit code. */
export const ACCESS_PAGES = 0;
export const ACCESS_WINDOW = 1;
export const ACCESS_CHECKED = 2;

/** What emit() returns. */
export const EMIT_NEXT = 0; // code for the whole instruction
export const EMIT_BRANCH = 1; // code that leaves the condition in a local; EMIT_TARGET
export const EMIT_LIKELY = 2; // the same of a branch that nullifies its delay slot
export const EMIT_JUMP = 3; // code that leaves the target in a local; EMIT_TARGET holds it too
export const EMIT_JUMP_REGISTER = 4; // the same, and only the local knows the target
export const EMIT_EXACT = 5; // no code: it has to be read exactly

/** Locals of a translated function, as emit() uses them; the guest's register r has r + 1. */
export const LOCAL_PC = 0; // parameter: the address that was called
export const LOCAL_DEPTH = 1; // parameter: translated functions that are open around this one
export const LOCAL_HI_LO = 33; // i64: HI and LO as one value
export const LOCAL_FUEL = 34;
export const LOCAL_CONDITION = 35;
export const LOCAL_TARGET = 36;
export const LOCAL_ADDRESS = 37;
export const LOCAL_ENTRY = 38;
export const LOCAL_A = 39;
export const LOCAL_B = 40;
export const LOCAL_LABEL = 41;
export const LOCAL_WIDE = 42; // i64
export const LOCAL_COUNT = 43; // i64: of instructions, when a function was entered

/** What a watch stops. */
export const WATCH_EXECUTE = 1;
export const WATCH_READ = 2;
export const WATCH_WRITE = 4;
