// The kernel's `format` files: the fields of an event in the ring and their offsets. A trace.dat contains them, so that
// a reader needs no knowledge of the kernel. This file has the formats of the events that farjal makes, as data for each
// value of the rules F11 to F13, and reads and writes the text.

import { printableName } from "../../bytes/printable.ts";
import type { TraceRules } from "../../kernel/rules/table.ts";
import { TRACE_EVENT_FIELDS } from "../../limits.ts";

/** One field of an event, with its offset in the record. */
export interface EventField {
  /** The C declaration without the name: `unsigned long`, `char[16]`, `__data_loc char[]`; an array of no size: `u32[]`. */
  readonly type: string;
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
}

export interface EventFormat {
  readonly name: string;
  readonly id: number;
  readonly fields: readonly EventField[];
  /** The `print fmt`, if there is one. */
  readonly print?: string;
}

type Row = readonly [type: string, name: string, size: number];

/** The fields that every event begins with. */
const COMMON: readonly Row[] = [
  ["unsigned short", "common_type", 2],
  ["unsigned char", "common_flags", 1],
  ["unsigned char", "common_preempt_count", 1],
  ["int", "common_pid", 4],
];

/** Places fields one after the other without gaps, as the kernel packs these. */
function format(name: string, id: number, print: string, own: readonly Row[]): EventFormat {
  let end = 0;
  const fields = [...COMMON, ...own].map(([type, field, size]) => {
    const offset = end;
    end += size;
    return { type, name: field, offset, size, signed: type === "int" };
  });
  return { name, id, fields, print };
}

/** The names of the entries that farjal's tracers make. */
export const FUNCTION = "function";
export const FUNCGRAPH_ENTRY = "funcgraph_entry";
export const FUNCGRAPH_EXIT = "funcgraph_exit";

const IP: readonly Row[] = [
  ["unsigned long", "ip", 4],
  ["unsigned long", "parent_ip", 4],
];
const FUNC: Row = ["unsigned long", "func", 4];
/** The arguments that a kernel records where the architecture has HAVE_FUNCTION_ARG_ACCESS_API, which MIPS has not. */
const ARGS: Row = ["unsigned long[]", "args", 0];
const TIMES: readonly Row[] = [
  ["unsigned long long", "calltime", 8],
  ["unsigned long long", "rettime", 8],
];
const FUNCTIONS: Readonly<Record<TraceRules["F13"], readonly Row[]>> = {
  plain: IP,
  args: [...IP, ARGS],
};
/** The fields of an entry, and the conversion of its depth. */
const ENTRIES: Readonly<Record<TraceRules["F12"], readonly [rows: readonly Row[], depth: string]>> =
  {
    plain: [[FUNC, ["int", "depth", 4]], "%d"],
    args: [[FUNC, ["unsigned int", "depth", 4], ARGS], "%u"],
    long: [[FUNC, ["unsigned long", "depth", 4], ARGS], "%lu"],
  };
const OVERRUN: Row = ["unsigned int", "overrun", 4];
const EXITS: Readonly<Record<TraceRules["F11"], readonly [rows: readonly Row[], depth: string]>> = {
  long: [[FUNC, ["unsigned long", "overrun", 4], ...TIMES, ["int", "depth", 4]], "%d"],
  packed: [[FUNC, ["int", "depth", 4], OVERRUN, ...TIMES], "%d"],
  unsigned: [[FUNC, ["unsigned int", "depth", 4], OVERRUN, ...TIMES], "%u"],
};

/**
 * The ftrace entries of a 32-bit kernel (kernel/trace/trace_entries.h): those of function, then function_graph's entry
 * and return. Ids are the kernel's enum trace_type. The kernel packs the record of a return; the format files of 32-bit
 * kernels up to 6.18 may show its times 4 bytes further on than they are, and this is where they are.
 */
export function entryFormats({
  F11,
  F12,
  F13,
}: TraceRules): readonly [call: EventFormat, entry: EventFormat, exit: EventFormat] {
  const [entry, entryDepth] = ENTRIES[F12];
  const [exit, exitDepth] = EXITS[F11];
  return [
    format(FUNCTION, 1, '" %ps <-- %ps", (void *)REC->ip, (void *)REC->parent_ip', FUNCTIONS[F13]),
    format(FUNCGRAPH_ENTRY, 11, `"--> %ps (${entryDepth})", (void *)REC->func, REC->depth`, entry),
    // The last argument is the kernel's own: it prints the depth as the overrun.
    format(
      FUNCGRAPH_EXIT,
      10,
      `"<-- %ps (${exitDepth}) (start: %llx  end: %llx) over: ${exitDepth}", (void *)REC->func, ` +
        "REC->depth, REC->calltime, REC->rettime, REC->depth",
      exit,
    ),
  ];
}

/**
 * A format whose fields follow one another without a gap. That is how every kernel writes the record of a return, while
 * the format files of 32-bit kernels up to 6.18 may align its times to 8 bytes.
 */
export function packed(format: EventFormat): EventFormat {
  let end = 0;
  const fields = format.fields.map((field) => {
    const offset = Math.min(field.offset, end);
    end = offset + field.size;
    return { ...field, offset };
  });
  return { ...format, fields };
}

/** The size of a record with these fields, in bytes. */
export function recordSize({ fields }: EventFormat): number {
  return fields.reduce((end, { offset, size }) => Math.max(end, offset + size), 0);
}

/** The format file's text. */
export function formatText({ name, id, fields, print }: EventFormat): string {
  const lines = fields.map((field) => {
    const { type, name: own, offset, size, signed } = field;
    const [element, array] = type.endsWith("[]") ? [type.slice(0, -2), "[]"] : [type, ""];
    return `\tfield:${element} ${own}${array};\toffset:${offset};\tsize:${size};\tsigned:${Number(signed)};\n`;
  });
  lines.splice(COMMON.length, 0, "\n");
  return `name: ${name}\nID: ${id}\nformat:\n${lines.join("")}\nprint fmt: ${print}\n`;
}

const PRINT_MARK = "\nprint fmt:";
const FIELD =
  /^[ \t]*field:([^;\n]*);[ \t]*offset:(\d+);[ \t]*size:(\d+);(?:[ \t]*signed:(\d+);)?/gm;

/** The fields of a `format` or `header_page` text, in its order. */
export function readFields(text: string): EventField[] {
  const fields: EventField[] = [];
  for (const [, declaration = "", offset, size, sign] of text.matchAll(FIELD)) {
    const declared = readDeclaration(declaration.trim());
    if (declared === null) continue;
    fields.push({ ...declared, offset: Number(offset), size: Number(size), signed: sign === "1" });
    if (fields.length === TRACE_EVENT_FIELDS) break;
  }
  return fields;
}

/** `unsigned long ip`, `char comm[16]`: the name is before the array's brackets, the type around it. */
function readDeclaration(text: string): Pick<EventField, "type" | "name"> | null {
  let end = text.length;
  while (text.charAt(end - 1) === "]") end = Math.max(0, text.lastIndexOf("[", end - 1));
  let start = end;
  while (start > 0 && /[\w$]/.test(text.charAt(start - 1))) start -= 1;
  if (start === end) return null;
  return { type: `${text.slice(0, start).trim()}${text.slice(end)}`, name: text.slice(start, end) };
}

/** Reads a format file; null for any other text. */
export function readFormat(text: string): EventFormat | null {
  const name = /^name: (\S+)$/m.exec(text)?.[1];
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  if (name === undefined || id === undefined) return null;
  const mark = text.indexOf(PRINT_MARK);
  const print = mark < 0 ? {} : { print: text.slice(mark + PRINT_MARK.length).trim() };
  return { name: printableName(name), id: Number(id), fields: readFields(text), ...print };
}
