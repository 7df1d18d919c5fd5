// The limits on what input may cost: the size of each kind of file, and how much a reader makes of it, be it small.
// Each is checked where the thing is made. A hostile file ends in one sentence, within 5 seconds and 1 GiB; each limit
// is far above what the largest real file needs, which its comment gives. SECURITY.md has the same table, and a test
// compares them. Not here are the formats' and the kernel's own constants, how much a report prints, and the translator's
// tuning: those are beside the code that they belong to.

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
