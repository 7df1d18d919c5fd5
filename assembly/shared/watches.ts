// Breakpoints and watchpoints as the host writes them and assembly/memory/watches.ts reads them: the list, and
// which stops were already reported, so that the run that goes on from one passes the instruction.

import { WATCH_LIST } from "./memory-map.ts";

export const WATCH_LENGTH = WATCH_LIST; // watches in the list
export const WATCH_REPORTED = WATCH_LENGTH + 4; // bit 1 << STOP_*: reported at the instruction that the next two name
export const WATCH_REPORTED_COUNT = WATCH_REPORTED + 4; // u64: CPU_COUNT then
export const WATCH_REPORTED_PC = WATCH_REPORTED_COUNT + 8;
export const WATCHES = WATCH_REPORTED_PC + 4; // the list; three words each: first address, last address, WATCH_* bits
export const WATCH_SIZE = 12;
export const WATCHES_CAPACITY = 0x400;

/** What a watch stops. */
export const WATCH_EXECUTE = 1;
export const WATCH_READ = 2;
export const WATCH_WRITE = 4;
