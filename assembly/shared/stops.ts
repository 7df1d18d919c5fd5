// Why run() returned. CPU_STOP_VALUE, and for the translator's own stops STOP_ABOUT, hold what goes with it.

export const STOP_LIMIT = 0; // CPU_COUNT reached CPU_LIMIT
export const STOP_RETURN = 1; // pc reached CPU_RETURN_TO
export const STOP_HYPERCALL = 2; // a HYPERCALL word; CPU_STOP_VALUE is its code; pc is the word itself
export const STOP_EXCEPTION = 3; // CPU_STOP_VALUE is Cause.ExcCode; Cause, EPC and BadVAddr have the rest
export const STOP_WAIT = 4; // WAIT with no interrupt that could ever end it
export const STOP_BREAKPOINT = 5; // pc is a breakpoint's address
export const STOP_WATCHPOINT = 6; // the instruction at pc would touch CPU_STOP_VALUE, which is watched
export const STOP_NO_HANDLER = 7; // exception CPU_STOP_VALUE while another is taken; Cause and EPC (or Debug and DEPC) have the first

/** Reasons that concern the translator alone; the host's Core serves them and runs on. */
export const STOP_HOT = 8; // pc was reached often enough to be translated
export const STOP_EXITS = 9; // a unit's guards failed often; STOP_ABOUT is its table slot
export const STOP_CODE = 10; // the last instruction wrote to translated code, at physical STOP_ABOUT

/** Reasons that a board has. */
export const STOP_IDLE = 11; // WAIT was completed, and no interrupt ends it yet
export const STOP_EVENT = 12; // CPU_COUNT reached CPU_EVENT_DUE
export const STOP_DEVICE = 13; // a device asked for it; the instruction that reached the device is completed

export const RUNNING = 0xffffffff; // CPU_STOP while there is no reason to stop
