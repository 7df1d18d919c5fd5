// The kernel's `format` files: the fields of an event in the ring and their offsets. A trace.dat contains them, so that
// a reader needs no knowledge of the kernel. This file has the formats of the events that farjal makes, as data, and
// reads and writes the text.

import { printableName } from "../../bytes/printable.ts";

/** One field of an event, with its offset in the record. */
export interface EventField {
  /** The C declaration without the name: `unsigned long`, `char[16]`, `__data_loc char[]`. */
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
  /** The `print fmt`, if it was read from a file. */
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
function format(name: string, id: number, own: readonly Row[]): EventFormat {
  let end = 0;
  const fields = [...COMMON, ...own].map(([type, field, size]) => {
    const offset = end;
    end += size;
    return { type, name: field, offset, size, signed: type === "int" };
  });
  return { name, id, fields };
}

/** The ftrace entries of a 32-bit 6.1 kernel (kernel/trace/trace_entries.h); ids are its enum trace_type. */
export const FUNCTION = format("function", 1, [
  ["unsigned long", "ip", 4],
  ["unsigned long", "parent_ip", 4],
]);
export const FUNCGRAPH_EXIT = format("funcgraph_exit", 10, [
  ["unsigned long", "func", 4],
  ["int", "depth", 4],
  ["unsigned int", "overrun", 4],
  ["unsigned long long", "calltime", 8],
  ["unsigned long long", "rettime", 8],
]);
export const FUNCGRAPH_ENTRY = format("funcgraph_entry", 11, [
  ["unsigned long", "func", 4],
  ["int", "depth", 4],
]);

/** The print fmt that the kernel gives them; readers parse it. */
const PRINT: Readonly<Record<string, string>> = {
  function: '" %ps <-- %ps", (void *)REC->ip, (void *)REC->parent_ip',
  funcgraph_entry: '"--> %ps (%d)", (void *)REC->func, REC->depth',
  funcgraph_exit:
    '"<-- %ps (%d) (start: %llx  end: %llx) over: %d", (void *)REC->func, REC->depth, ' +
    "REC->calltime, REC->rettime, REC->depth",
};

/** The size of a record with these fields, in bytes. */
export function recordSize({ fields }: EventFormat): number {
  return fields.reduce((end, { offset, size }) => Math.max(end, offset + size), 0);
}

/** The format file's text. */
export function formatText({ name, id, fields }: EventFormat): string {
  const lines = fields.map((field) => {
    const { type, name: own, offset, size, signed } = field;
    return `\tfield:${type} ${own};\toffset:${offset};\tsize:${size};\tsigned:${Number(signed)};\n`;
  });
  lines.splice(COMMON.length, 0, "\n");
  return `name: ${name}\nID: ${id}\nformat:\n${lines.join("")}\nprint fmt: ${PRINT[name]}\n`;
}

const PRINT_MARK = "\nprint fmt:";
const FIELD =
  /^[ \t]*field:([^;\n]*);[ \t]*offset:(\d+);[ \t]*size:(\d+);(?:[ \t]*signed:(\d+);)?/gm;

/** More fields than any kernel event has; further ones aren't read. */
const MOST_FIELDS = 1024;

/** The fields of a `format` or `header_page` text, in its order. */
export function readFields(text: string): EventField[] {
  const fields: EventField[] = [];
  for (const [, declaration = "", offset, size, sign] of text.matchAll(FIELD)) {
    const declared = readDeclaration(declaration.trim());
    if (declared === null) continue;
    fields.push({ ...declared, offset: Number(offset), size: Number(size), signed: sign === "1" });
    if (fields.length === MOST_FIELDS) break;
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
