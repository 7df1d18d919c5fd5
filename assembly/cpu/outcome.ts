// The outcome of an instruction, for the frame around it: what comes next. The frame alone handles delay slots and
// counting; an instruction says only that it branched, or that it can't be done here.

/** The next instruction follows. */
export const NEXT: u32 = 0;
/** A branch that isn't taken: its delay slot follows, then the instruction after that. */
export const UNTAKEN: u32 = 1;
/** A branch: its delay slot follows, then cpu.branchTarget. */
export const TAKEN: u32 = 2;
/** A branch-likely that isn't taken: its delay slot is skipped. */
export const NULLIFIED: u32 = 3;
/** TRACE_SITE: the frame writes {this instruction or its branch, cpu.recordParent}; the next one follows. */
export const RECORD_SITE: u32 = 4;
/** TRACE_CALL: the frame writes {cpu.recordIp, cpu.recordParent}; the next one follows. */
export const RECORD_CALL: u32 = 5;
/**
 * From the fast reading: nothing was done, read the instruction exactly. From the exact one: it was not
 * completed, and the state in memory already says what comes next (an exception, eret, a reason to stop).
 */
export const EXIT: u32 = 6;
/** The state in memory says what comes next, and nothing is counted: the instruction isn't the program's. */
export const UNCOUNTED: u32 = 7;
