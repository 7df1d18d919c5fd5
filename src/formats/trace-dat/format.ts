// The numbers and names of trace-cmd's file, trace.dat: trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5). Version 6 is a
// fixed sequence of parts; version 7 consists of sections, each found through an option with its offset. All numbers
// are in the byte order that the file states.

import { latin1Bytes } from "../../bytes/text.ts";

/** The file's first bytes; the version follows as NUL-terminated text. */
export const MAGIC = new Uint8Array([0x17, 0x08, 0x44, ...latin1Bytes("tracing")]);
export type FileVersion = 6 | 7;

/** Version 7's sections; those from 16 on have an option of the same number with their offset. */
export const SECTION_OPTIONS = 0;
export const SECTION_BUFFER = 3;
export const SECTION_STRINGS = 15;
export const SECTION_HEADERS = 16;
export const SECTION_FTRACE_FORMATS = 17;
export const SECTION_EVENT_FORMATS = 18;
export const SECTION_KALLSYMS = 19;
export const SECTION_PRINTK = 20;
export const SECTION_CMDLINES = 21;
/** u16 id, u16 flags, u32 offset of the description among the strings, u64 size of the content. */
export const SECTION_HEADER = 16;
/** A section's flag. */
export const COMPRESSED = 1;

export const OPTION_DONE = 0;
export const OPTION_DATE = 1;
export const OPTION_CPUSTAT = 2;
export const OPTION_BUFFER = 3;
export const OPTION_TRACECLOCK = 4;
export const OPTION_UNAME = 5;
export const OPTION_OFFSET = 7;
export const OPTION_CPUCOUNT = 8;
export const OPTION_VERSION = 9;
export const OPTION_TIME_SHIFT = 12;
export const OPTION_TSC2NSEC = 14;

/** The names before version 6's parts, without their NUL. */
export const HEADER_PAGE = "header_page";
export const HEADER_EVENT = "header_event";
export const OPTIONS_V6 = "options  ";
export const FLYRECORD_V6 = "flyrecord";
export const LATENCY_V6 = "latency  ";
