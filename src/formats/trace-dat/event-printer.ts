// Prints the text of events other than calls: by the event's print fmt and, for events that trace-cmd's plugins print
// differently (sched_switch, the wakeups, stacks), also as these plugins do. trace_printk's binary entries hold a
// format's address and the arguments as vbin_printf() packed them (lib/vsprintf.c); the formats are in the file.

import { printable } from "../../bytes/printable.ts";
import { utf8 } from "../../bytes/text.ts";
import { STACK_FRAMES, TRACE_ARGUMENTS, TRACE_STRING } from "../../limits.ts";
import type { EventField, EventFormat } from "./event-format.ts";
import { type PrintContext, type Printer, parsePrintFormat } from "./print-format.ts";
import { type Argument, formatText } from "./print-text.ts";
import type { RecordView } from "./record-view.ts";

/** Prints an event's text, as the kernel and as trace-cmd do. */
export interface EventPrinter {
  readonly kernel: Printer;
  /** Absent when it is the same. */
  readonly traceCmd?: Printer;
}

/** Makes the printer of an event's records. */
export function eventPrinter(format: EventFormat, context: PrintContext): EventPrinter {
  const own = format.fields.filter(({ name }) => !name.startsWith("common_"));
  const named = namedPrinter(format, context);
  if (named !== undefined) return named;
  const parsed =
    format.print === undefined ? null : parsePrintFormat(format.print, format, context);
  const fields: Printer = (record) =>
    own.map((field) => `${field.name}=${fieldText(field, record)}`).join(" ");
  if (parsed === null) {
    return format.print === undefined
      ? { kernel: oneLine(fields) }
      : {
          kernel: oneLine(fields),
          traceCmd: oneLine((record) => `[FAILED TO PARSE] ${fields(record)}`),
        };
  }
  const traceCmd = pluginPrinter(format) ?? traceCmdPrinter(format, context);
  return {
    kernel: oneLine(parsed),
    ...(traceCmd === null ? {} : { traceCmd: oneLine(traceCmd) }),
  };
}

/** A text without control characters but tabs: the format comes from the file as the texts do, and may hold any. */
function oneLine(printer: Printer): Printer {
  return (record) => {
    const text = printer(record).replace(/\n$/, "");
    return text.split("\t").map(printable).join("\t");
  };
}

/** The print fmt as libtraceevent reads it; null when that makes no difference. */
function traceCmdPrinter(format: EventFormat, context: PrintContext): Printer | null {
  const { print } = format;
  if (print === undefined || !print.includes("__print_array")) return null;
  return parsePrintFormat(print, format, { ...context, arrays: "trace-cmd" });
}

/** The printers of ftrace's own entries whose print fmt doesn't describe their text. */
function namedPrinter(format: EventFormat, context: PrintContext): EventPrinter | undefined {
  const field = (name: string): EventField | undefined =>
    format.fields.find((one) => one.name === name);
  if (format.name === "bprint") {
    const [ip, fmt, buf] = [field("ip"), field("fmt"), field("buf")];
    if (!ip || !fmt || !buf) return undefined;
    return { kernel: oneLine((record) => binaryPrintk(record, { ip, fmt, buf }, context)) };
  }
  if (format.name === "kernel_stack" || format.name === "user_stack") {
    const caller = field("caller");
    if (caller === undefined) return undefined;
    const title = format.name === "user_stack" ? "<user stack trace>" : "<stack trace>";
    const kernel: Printer = (record) =>
      [title, ...frames(record, caller, context).map(([name]) => ` => ${name}`)].join("\n");
    if (format.name === "user_stack") return { kernel };
    const traceCmd: Printer = (record) =>
      ["<stack trace >", ...frames(record, caller, context).map(([, both]) => `=> ${both}`)].join(
        "\n",
      );
    return { kernel, traceCmd };
  }
  return undefined;
}

/** A stack's functions, each also with its address as trace-cmd prints it. */
function frames(
  record: RecordView,
  { offset }: EventField,
  { symbols, longSize }: PrintContext,
): (readonly [name: string, both: string])[] {
  const found: (readonly [string, string])[] = [];
  const end = (1n << BigInt(longSize * 8)) - 1n;
  for (
    let at = offset;
    at + longSize <= record.size && found.length < STACK_FRAMES;
    at += longSize
  ) {
    const address = record.number(at, longSize);
    if (address === end) break;
    const value = longSize === 4 ? Number(address) : Number(BigInt.asIntN(64, address));
    const name = symbols.at(value)?.name;
    const digits = address.toString(16);
    found.push(name === undefined ? [`0x${digits}`, digits] : [name, `${name} (${digits})`]);
  }
  return found;
}

function binaryPrintk(
  record: RecordView,
  { ip, fmt, buf }: Readonly<Record<"ip" | "fmt" | "buf", EventField>>,
  context: PrintContext,
): string {
  const at = record.number(fmt.offset, fmt.size);
  const caller: Argument = { number: () => record.number(ip.offset, ip.size) };
  const who = formatText("%ps: ", [caller], record, context);
  const format = context.strings.get(at);
  if (format === undefined) return `${who}(NO FORMAT FOUND at ${at.toString(16)})`;
  const text = formatText(
    format,
    packedArguments(record, buf.offset, format, context),
    record,
    context,
  );
  return `${who}${text.replace(/\n$/, "")}`;
}

const CONVERSION = /%[-+ #0]*(\*|\d+)?(?:\.(\*|\d+)?)?(hh|h|ll|l|L|z|Z)?([%\w])(\w?)/g;

/** The arguments in a bprint record: words of 4 bytes, longs and pointers by their size, strings up to their NUL. */
function packedArguments(
  record: RecordView,
  start: number,
  format: string,
  { longSize }: PrintContext,
): Argument[] {
  const args: Argument[] = [];
  let at = start;
  const number = (size: number): void => {
    // vbin_printf() aligns values of a word or more to 4 bytes.
    at = size < 4 ? Math.ceil(at / size) * size : Math.ceil(at / 4) * 4;
    const value = record.number(at, size);
    args.push({ number: () => value });
    at += size;
  };
  const string = (): void => {
    const bytes = record.bytes(at, TRACE_STRING);
    const end = bytes.indexOf(0);
    const text = utf8(end < 0 ? bytes : bytes.subarray(0, end));
    at += (end < 0 ? bytes.length : end) + 1;
    args.push({ number: () => 0n, text: () => text });
  };
  for (const [, width, precision, length, conversion, letter] of format.matchAll(CONVERSION)) {
    if (conversion === "%") continue;
    if (args.length >= TRACE_ARGUMENTS) break;
    if (width === "*") number(4);
    if (precision === "*") number(4);
    if (conversion === "s") string();
    else if (conversion === "p") {
      // Dereferenced pointers are packed as the text that they print; symbols and plain pointers as their value.
      if (letter !== undefined && /[A-Za-z]/.test(letter) && !/[sSfFBxK]/.test(letter)) string();
      else number(longSize);
    } else if (conversion === "c") number(1);
    else if (length === "ll" || length === "L") number(8);
    else if (length === "l" || length === "z" || length === "Z") number(longSize);
    else if (length === "hh") number(1);
    else if (length === "h") number(2);
    else number(4);
  }
  return args;
}

const STATES = "SDTtZXxW";

/** Prints as trace-cmd's plugin_sched_switch.c does. */
function pluginPrinter({ name, fields }: EventFormat): Printer | undefined {
  const field = (wanted: string): EventField | undefined =>
    fields.find((one) => one.name === wanted);
  const value = (record: RecordView, wanted: string): bigint | undefined => {
    const found = field(wanted);
    return found === undefined ? undefined : record.number(found.offset, found.size);
  };
  const task = (record: RecordView, comm: string, pid: string): string => {
    const found = field(comm);
    const text = found === undefined ? "" : `${record.text(found.offset, found.size)}:`;
    return `${text}${value(record, pid)}`;
  };
  const bracketed = (number: bigint | undefined): string =>
    number === undefined ? "" : ` [${BigInt.asIntN(32, number)}]`;
  if (name === "sched_switch" && field("prev_pid") && field("next_pid")) {
    return (record) => {
      const state = value(record, "prev_state") ?? 0n;
      const letters = [...STATES].filter((_, bit) => ((state >> BigInt(bit)) & 1n) === 1n);
      const before = `${task(record, "prev_comm", "prev_pid")}${bracketed(value(record, "prev_prio"))}`;
      const after = `${task(record, "next_comm", "next_pid")}${bracketed(value(record, "next_prio"))}`;
      return `${before} ${letters.join("|") || "R"} ==> ${after}`;
    };
  }
  if (/^sched_wakeup(?:_new)?$/.test(name) && field("pid")) {
    return (record) => {
      const prio = value(record, "prio");
      const success = value(record, "success");
      const cpu = value(record, "target_cpu");
      return [
        task(record, "comm", "pid"),
        prio === undefined ? "" : ` [${prio}]`,
        success === undefined ? "" : ` success=${success}`,
        cpu === undefined ? "" : ` CPU:${String(cpu).padStart(3, "0")}`,
      ].join("");
    };
  }
  return undefined;
}

/**
 * A single field, as libtraceevent prints it: strings as they are, other arrays as bytes, longs and pointers in hex.
 */
function fieldText(field: EventField, record: RecordView): string {
  const { type, offset, size, signed } = field;
  const isArray =
    type.includes("[") || type.startsWith("__data_loc") || type.startsWith("__rel_loc");
  if (isArray) {
    const { offset: from, length } = record.array(field);
    const bytes = record.bytes(from, length);
    if (/\bchar\b/.test(type) && isPrintable(bytes)) return record.text(from, length);
    return `ARRAY[${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(", ")}]`;
  }
  const value = record.number(offset, size);
  if (type.includes("*")) return `0x${value.toString(16)}`;
  const isLong = /\blong\b/.test(type) && !/\blong long\b/.test(type);
  if (!signed) return isLong ? `0x${value.toString(16)}` : String(value);
  if (size === 4 && isLong) return `0x${value.toString(16)}`;
  return String(BigInt.asIntN(Math.max(1, size * 8), value));
}

/** Whether bytes are a string: printable characters up to a NUL. */
function isPrintable(bytes: Uint8Array): boolean {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  return text.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
}
