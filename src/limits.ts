// The limits on what input may cost: the size of each kind of file, and how much a reader makes of it, be it small.
// Each is checked where the thing is made. A hostile file ends in one sentence, within 5 seconds and 1 GiB; each limit
// is far above what the largest real file needs, which its comment gives. SECURITY.md has the same table, and a test
// compares them. Not here are the formats' and the kernel's own constants, how much a text for people prints, and the
// translator's tuning: those are beside the code that they belong to.

const MIB = 1 << 20;

// Files.

/** Bytes of a module's file, and of what it unpacks to: a distribution's largest have 10 MB. */
export const MODULE_BYTES = 256 * MIB;
/** Bytes of a kernel's file: a vmlinux with debugging information has a few hundred MB. */
export const KERNEL_BYTES = 512 * MIB;
/** Bytes of any other file that is read whole: initramfs, snapshot, filter, recording, golden trace. */
export const INPUT_BYTES = 256 * MIB;
/** Bytes of a JSON document: the coverage of several large modules has some 20 MB. */
export const JSON_BYTES = 128 * MIB;
/** Values and keys in a JSON document, by its punctuation: such a coverage has two million. */
export const JSON_VALUES = 6 * MIB;
/** Bytes of a kernel's log: a console that has recorded for months. */
export const LOG_BYTES = 64 * MIB;
/** Bytes of a source file that is shown; a larger one counts as missing. The kernel's largest have 10 MB. */
export const SOURCE_BYTES = 16 * MIB;
/** Bytes of a file with words for set_ftrace_filter; the names of all of a kernel's functions have 1 MB. */
export const FILTER_BYTES = 8 * MIB;

// Texts.

/**
 * Characters of a line of a trace or a log. The kernel prints a line of a trace into at most two pages
 * (kernel/trace/trace_seq.c), and a message into 1 KiB.
 */
export const TEXT_LINE = 1 << 14;
/** Lines of a kernel's log. */
export const LOG_LINES = 1 << 22;
/** Oopses that are read from a log; the kernel itself stops after 10,000 (oops_limit), and mostly after one. */
export const OOPSES = 1000;
/** Entries of one oops's call trace: a kernel's stack of 8 KiB has at most 2,048 words. */
export const OOPS_CALLS = 2048;
/** Characters of an oops's line of code, which has some 10 words. */
export const OOPS_CODE = 1024;
/** Modules in a list of those that are loaded. */
export const LOADED_MODULES = 1 << 14;

// Lists.

/** Symbols of a kernel, in an image or a list; a kernel with all of them has 200,000. */
export const KERNEL_SYMBOLS = 1 << 20;
/** Parts of a work on many machines. */
export const SHARDS = 1 << 16;
/** Results of such a work; a distribution has some 4,000 modules. */
export const SHARD_RESULTS = 1 << 20;
/** Lines of an lcov file; one for all of a kernel's sources has some millions. */
export const COVERAGE_LINES = 4 << 20;
/** Lines of a recording of a board's input: one for each time that something was typed. */
export const RECORDED_INPUTS = 1 << 18;
/** Steps of a script for a board's console. */
export const SCRIPT_STEPS = 1 << 16;

// Unpacking.
/** Bytes that a compressed module or kernel unpacks to: Debian's 32-bit kernel has 16 MiB. */
export const UNPACKED_BYTES = 128 * MIB;
/** Bytes that all compressed parts of one kernel's file unpack to. */
export const VMLINUZ_UNPACKED_BYTES = 4 * UNPACKED_BYTES;
/** Archives in archives in which a kernel is looked for: a firmware's image has two. */
export const ARCHIVE_DEPTH = 3;
/** Places in a kernel's file that begin as compressed data does. */
export const PAYLOAD_PLACES = 4096;
/** Such places at which unpacking is tried. */
export const PAYLOAD_TRIES = 256;
/** Bytes of a debugging section, unpacked: a kernel's vmlinux has one of 130 MiB. */
export const DEBUG_SECTION_BYTES = 512 * MIB;
/** Bytes of one compressed chunk of a trace.dat, unpacked. */
export const TRACE_CHUNK_BYTES = 64 * MIB;
/** Bytes of the chunks of all CPUs that are unpacked at a time. */
export const TRACE_CHUNKS_BYTES = 512 * MIB;
/** Bytes of a trace.dat's formats, symbols and tasks, unpacked: a distribution's kernel has half. */
export const TRACE_DESCRIPTION_BYTES = 32 * MIB;

// ELF files and kernels.
/** Characters of a name in an ELF file, and its NUL: KSYM_NAME_LEN is 512. */
export const ELF_NAME = 4096;
/** Bytes of a string table; names beyond can't be read. */
export const ELF_STRINGS_BYTES = 256 * MIB;
/** Characters of all names that are read of a string table: those of 200,000 symbols have 5 million. */
export const ELF_NAMES_CHARACTERS = 1 << 25;
/** Symbols of an ELF file: a whole kernel has 200,000. */
export const ELF_SYMBOLS = 1 << 20;
/** Relocations of j and jal in a module that is loaded; Debian's amdgpu, the largest, calls 33,000 times through registers. */
export const MODULE_JUMPS = 3 << 14;
/** Calls of _mcount in a module's file, recorded in __mcount_loc or not; Debian's amdgpu, the largest, has 8,400. */
export const MODULE_CALL_SITES = 1 << 16;
/** Strings in .modinfo: a USB driver has one for each of its devices, several thousand. */
export const MODINFO_STRINGS = 1 << 17;
/** Characters of all names of kallsyms. */
export const KALLSYMS_CHARACTERS = 1 << 26;
/** Arrays in an image that may be kallsyms_markers and are tried. */
export const KALLSYMS_MARKER_ARRAYS = 1024;
/** Places in an image that may be kallsyms_token_table. */
export const KALLSYMS_TOKEN_PLACES = 4096;
/** Addresses at which a kernel may have been linked and that are counted. */
export const LOAD_ADDRESSES = 1 << 16;
/** Program headers of a kernel that is booted. */
export const PROGRAM_HEADERS = 64;

// Debugging information: what one file leads to, ten times as much as a distribution's vmlinux.

/** Abbreviations that are read. */
export const DEBUG_ABBREVIATIONS = 10_000_000;
/** Files and directories of line tables that are read. */
export const DEBUG_FILES = 20_000_000;
/** Rows of line tables that are read. */
export const DEBUG_ROWS = 100_000_000;
/** Ranges of addresses that are read. */
export const DEBUG_RANGES = 50_000_000;
/** Characters of a string of debugging information; the rest is left out. */
export const DEBUG_STRING = 4096;
/** Scopes and types in each other: C has some dozen. */
export const DEBUG_SCOPES = 2048;
/** References from an inlined call to its function. */
export const DEBUG_REFERENCES = 16;
/** Typedefs, qualifiers and arrays of one another. */
export const TYPE_STEPS = 64;
/** Types in the text of one. */
export const TYPE_PARTS = 500;
/** Structures in structures that are laid out. */
export const STRUCT_DEPTH = 32;

// Traces.
/** CPUs of a trace, the most that Linux can be built for (CONFIG_NR_CPUS of x86). */
export const TRACE_CPUS = 1 << 13;
/** Bytes of one page of each CPU together, since they are read at once. */
export const TRACE_PAGES_BYTES = 256 * MIB;
/** Bytes of a page of a trace.dat. */
export const TRACE_PAGE_BYTES = MIB;
/** Kinds of events: a record has its id in 16 bits. */
export const TRACE_EVENT_IDS = 1 << 16;
/** Fields of a kind of event. */
export const TRACE_EVENT_FIELDS = 1024;
/** Tasks with a name: PID_MAX_LIMIT. */
export const TRACE_TASKS = 4 << 20;
/** Calls in each other in a trace.dat. */
export const TRACE_DAT_DEPTH = 4096;
/** Characters of a print fmt. */
export const PRINT_FORMAT = 1 << 16;
/** Tokens of a print fmt. */
export const PRINT_FORMAT_TOKENS = 1 << 14;
/** Parentheses and operators in each other in a print fmt. */
export const PRINT_FORMAT_DEPTH = 64;
/** Elements of an array and pairs of a table that are printed. */
export const PRINT_FORMAT_ELEMENTS = 1024;
/** Flags that __print_flags() lists: a 64-bit word has no more, some are listed in several combinations. */
export const PRINT_FORMAT_FLAGS = 512;
/** Steps to evaluate a print fmt for one record: the kernel's largest take a tenth. */
export const PRINT_FORMAT_STEPS = 2048;
/** Characters of the text of one record. */
export const PRINTED_TEXT = 1 << 14;
/** Frames of a stack in a trace.dat. */
export const STACK_FRAMES = 512;
/** Arguments of a bprint record. */
export const TRACE_ARGUMENTS = 64;
/** Frames of a stack in ftrace text. */
export const TEXT_STACK_FRAMES = 512;
/** Calls in each other in ftrace text. */
export const TEXT_DEPTH = 4096;
/** Interrupts in each other in ftrace text. */
export const TEXT_INTERRUPTS = 16;
/** Bytes of a log in which its first dump of ftrace's buffer is looked for. */
export const LOG_SEARCHED_BYTES = 64 * MIB;
/** Calls that one func_repeats record stands for. */
export const REPEATED_CALLS = 1 << 20;
/** Calls in each other that a viewer's file has. */
export const VIEWER_DEPTH = 4096;
/** Calls in each other in a flame graph. */
export const CALL_TREE_DEPTH = 512;
/** Calls in each other in traces that are compared. */
export const COMPARED_DEPTH = 1 << 16;
/** Calls in each other in farjal's ring: from 6.13 on a kernel's shadow stack has 4,096 words. */
export const RING_DEPTH = 4095;
/** Names of addresses that are kept while events are made. */
export const EVENT_NAMES = 1 << 16;

// Guests.
/** Characters of a string that a host function reads of guest memory. */
export const GUEST_STRING = 1 << 20;
/** Bytes of what a snapshot says about its call or its devices. */
export const SNAPSHOT_NOTE_BYTES = 64 * MIB;
/** Pages with a watch. */
export const WATCHED_PAGES = 0x10000;
/** Calls of guest code from host functions in each other. */
export const CALL_NESTING = 64;
/** Characters that one call of printk or its relatives reads and makes. */
export const PRINTK_WORK = 1 << 20;
/** %pV in each other. */
export const PRINTK_DEPTH = 8;
/** Calls of imports that --trace-imports prints. */
export const IMPORT_CALLS = 100_000;
/** Executions of jumps from which --erratum chooses. */
export const ASTRAY_EXECUTIONS = 100_000;

// The board.
/** Bytes of a board's memory, as in QEMU's Malta. */
export const BOARD_BYTES = 2048 * MIB;
/** Characters of the console's output that are kept. */
export const CONSOLE_CHARACTERS = 64 * MIB;
/** Accesses of devices that are logged. */
export const LOGGED_ACCESSES = 1_000_000;
/** Events of devices that wait for their time. */
export const TIMELINE_EVENTS = 100_000;
/** Frames on the way between two boards. */
export const LINK_FRAMES = 1000;
/** Characters that wait to be read by a guest. */
export const UART_WAITING = 1 << 20;
/** Sectors of 512 bytes of a disk: 28 bits, which every command of ATA can address. */
export const DISK_SECTORS = 2 ** 28;

// What is kept at hand, what a page shows, and what is seen of a kernel on the board.
/** Calls in the flame graph of a page: more than a screen has pixels for. */
export const PAGE_NODES = 8000;
/** Functions in the table of a page. */
export const PAGE_FUNCTIONS = 500;
/** Calls in the timeline of a page. */
export const PAGE_SLICES = 20_000;
/** Events in the timeline of a page. */
export const PAGE_INSTANTS = 5000;
/** Characters of an event's text on a page. */
export const PAGE_TEXT = 500;
/** Rows of the timeline of a page; deeper calls aren't drawn. */
export const PAGE_ROWS = 200;
/** Names whose JSON is kept while a trace is written for a viewer. */
export const VIEWER_NAMES = 1 << 16;
/** Functions of a task whose marks are kept while a systrace is written. */
export const VIEWER_MARKS = 1 << 14;
/** Texts of calls and durations that are kept while a trace is printed. */
export const CACHED_TEXTS = 1 << 14;
/** Records that wait for a CPU's next one while a trace is printed; then the call is printed as two lines. */
export const WAITING_RECORDS = 1 << 16;
/** Frames of a stack that is guessed from callers; a kernel's isn't deeper. */
export const GUESSED_DEPTH = 512;
/** Characters of all printed records of a trace.dat, besides 32 times the size of the records. */
export const TRACE_TEXTS = 1 << 26;
/** Characters of a string in a record. */
export const TRACE_STRING = 4096;
/** Characters to which a conversion of a print fmt pads. */
export const PRINTED_WIDTH = 1024;
/** Bytes of a part of a binary file that are read at once. */
export const FILE_PART_BYTES = 256 << 20;
/** Characters of a name in a binary file. */
export const FILE_STRING = 4096;
/** Calls in each other in a profile: a guest can recurse without end. */
export const PROFILED_DEPTH = 1 << 16;
/** Addresses that are marked, such as those of returns; further ones aren't marked. */
export const MARKED_ADDRESSES = 1 << 22;
/** Bytes of the checkpoints with which a run goes back, unless the caller says how many. */
export const HISTORY_BYTES = 512 << 20;
/** Tasks that are told apart while a kernel on the board is traced: a guest can invent any number. */
export const OBSERVED_TASKS = 1 << 16;
/** Symbols of a module in the memory of a kernel on the board. */
export const OBSERVED_SYMBOLS = 1 << 17;
/** Bytes of the names of those symbols. */
export const OBSERVED_NAMES_BYTES = 1 << 22;
/** Modules in the list of a kernel on the board. */
export const OBSERVED_MODULES = 4096;
/** Symbol tables of unloaded modules of a kernel on the board that are kept. */
export const OBSERVED_GONE = 256;
/** Functions of all modules of a kernel on the board: those of Debian have 200,000. */
export const OBSERVED_FUNCTIONS = 1 << 20;
/** Calls in each other of a thread on the board: formats have 12 bits for a depth. */
export const OBSERVED_DEPTH = 4095;
/** Threads on the board whose calls are followed; past that, all of them are dropped. */
export const OBSERVED_THREADS = 1 << 15;
/** Open calls of all those threads; past that, all of them are dropped. */
export const OBSERVED_CALLS = 1 << 20;
/** Places in an image that are examined as the kernel's banner; a kernel holds it only a few times. */
export const BANNER_PLACES = 4096;
/** Characters of the name of an export in a kernel's image. */
export const EXPORT_NAME = 256;
/** Characters of a path in debugging information that is shown. */
export const DEBUG_PATH = 4096;
/** Bytes of a module's block of memory: more than the whole module space of any 32-bit kernel. */
export const MODULE_BLOCK_BYTES = 0x40000000;
/** Bytes of unpacked modules that are kept between the rounds of fits; a distribution's tree has 200 MB. */
export const KEPT_MODULES_BYTES = 384 << 20;
/** Guest instructions of the trial of a module by farjal cost. */
export const TRIAL_INSTRUCTIONS = 1e9;
/** Addresses of the bus whose device is kept: a guest that scans the bus must not fill the memory. */
export const FOUND_ADDRESSES = 4096;
/** Bytes of what a boot loader has loaded, in a snapshot. */
export const BOOT_PROGRAM_BYTES = 1 << 29;
/** Waits of a board without an instruction between them, after which no event will wake the processor. */
export const IDLE_WAITS = 1_000_000;
/** Bytes of files that one boot of verify gets, with dependencies: they are in its memory twice. */
export const BOOT_FILES_BYTES = 24 << 20;
/** Bytes of the initramfs of such a boot, which is at the end of RAM, after the records. */
export const BOOT_ARCHIVE_BYTES = 48 << 20;
/** Characters of the name of a module's parameter in guest memory. */
export const PARAMETER_NAME = 4096;
/** Elements and bytes of a structure that is described by hand: more than any memory has. */
export const STRUCT_BYTES = 1 << 29;
/** Characters of the version magic in an image. */
export const KERNEL_VERMAGIC = 256;
/** Host functions of a machine. */
export const HOST_FUNCTIONS = 1 << 20;
