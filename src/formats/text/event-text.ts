// Parses the text after a line's context: a call as print_fn_trace() prints it (kernel/trace/trace_output.c of 5.10 to
// 6.18), with the options sym-offset, sym-addr, noprint-parent, func-no-repeats and func-args; a stack; or any other
// event, a name and its text. It works on text and opens no file.

/** A call, with the number of repetitions that func-no-repeats gives. */
export interface CallText {
  readonly name: string;
  /** Empty with noprint-parent. */
  readonly parent: string;
  /** 1 without func-no-repeats; a u16 in the kernel. */
  readonly calls: number;
  /** The time of the last repetition as printed, or undefined. */
  readonly last: string | undefined;
}

/** A symbol as seq_print_ip_sym() prints it. sprint_symbol() adds the module where sym-offset is on. */
const SYMBOL =
  /^(\[unknown\/kretprobe'd\]|[^\s(<:[]+?)(?:\+0x[0-9a-f]{1,16}\/0x[0-9a-f]{1,16})?(?: \[[^\s\]]{1,64}\])?(?: <[0-9a-f]{1,16}>)?$/;
const REPEATS = / \(repeats: (\d{1,5}), last_ts: *([\d.]{1,24})\)$/;
/** `name: text`; trace_printk's events have the calling function's symbol in place of a name. */
const EVENT =
  /^([^\s:(]+?)(?:\+0x[0-9a-f]{1,16}\/0x[0-9a-f]{1,16})?(?: \[[^\s\]]{1,64}\])?(?: <[0-9a-f]{1,16}>)?:(?: |$)/;
/** The events of system calls print no name of their own (kernel/trace/trace_syscalls.c): `sys_read(fd: 3, …)`. */
const SYSCALL_ENTER = /^sys_(\w+)\(((?:[\w *]+: .*)?)\)$/;
/** `sys_read -> 0x20`. */
const SYSCALL_EXIT = /^sys_(\w+) -> (0x[0-9a-f]{1,16})$/;
const MARKER = "tracing_mark_write";
const STACK = /^<(user )?stack trace>$/;
const STACK_LINE = /^ ?=> ?(.*)$/;
const MOST_REPEATS = 0xffff;

/** A symbol's name, without offset, module and address; undefined for text that isn't a symbol. */
function symbolName(text: string): string | undefined {
  return SYMBOL.exec(text)?.[1];
}

/** Reads a call; null for any other text. */
export function readCall(text: string): CallText | null {
  const repeats = REPEATS.exec(text);
  const call = repeats === null ? text : text.slice(0, repeats.index);
  const arrow = call.lastIndexOf(" <-");
  const callee = arrow < 0 ? call : call.slice(0, arrow);
  // func-args prints the arguments after the name; they may contain anything except the arrow.
  const open = callee.endsWith(")") ? callee.indexOf("(") : -1;
  const name = symbolName(open < 0 ? callee : callee.slice(0, open));
  const parent = arrow < 0 ? "" : symbolName(call.slice(arrow + 3));
  if (name === undefined || parent === undefined) return null;
  const calls = repeats === null ? 1 : Math.min(MOST_REPEATS, Math.max(1, Number(repeats[1])));
  return { name, parent, calls, last: repeats?.[2] };
}

/** Any other event's name and text; null for text without a name. */
export function readEvent(text: string): { readonly name: string; readonly fields: string } | null {
  const found = EVENT.exec(text);
  if (found === null) return readSyscall(text);
  const [head, name = ""] = found;
  // Text that a program wrote into trace_marker is a `print` entry whose caller is this function.
  if (name === MARKER) return { name: "print", fields: text };
  return { name, fields: text.slice(head.length) };
}

/** Reads an event of the group syscalls, which is named sys_enter_NAME or sys_exit_NAME, as in tracefs. */
function readSyscall(text: string): { readonly name: string; readonly fields: string } | null {
  const [, entered, fields = ""] = SYSCALL_ENTER.exec(text) ?? [];
  if (entered !== undefined) return { name: `sys_enter_${entered}`, fields };
  const [, left, result = ""] = SYSCALL_EXIT.exec(text) ?? [];
  return left === undefined ? null : { name: `sys_exit_${left}`, fields: result };
}

/** The name of ftrace's own entry for the stack that a line begins; undefined for any other line. */
export function stackName(text: string): "kernel_stack" | "user_stack" | undefined {
  const found = STACK.exec(text);
  if (found === null) return undefined;
  return found[1] === undefined ? "kernel_stack" : "user_stack";
}

/** The function that a line of a stack names; undefined for any other line. */
export function stackLine(line: string): string | undefined {
  return STACK_LINE.exec(line)?.[1];
}
