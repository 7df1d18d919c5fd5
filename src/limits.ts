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
