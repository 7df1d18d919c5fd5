// Finds the traces that ftrace_dump() prints into the kernel's log at an oops, a panic or sysrq-z
// (kernel/trace/trace.c): lines of the latency form or function_graph's between two rules, after a line that says so.
// The log is what dmesg, the console, syslog or the journal shows, so each line may begin with a level, a time and more,
// which is removed here. reader.ts reads the lines.

import type { ByteSource, Opener } from "../../bytes/source.ts";
import { latin1 } from "../../bytes/text.ts";
import { LOG_SEARCHED_BYTES } from "../../limits.ts";
import { textLines } from "./lines.ts";

const TITLE = "Dumping ftrace buffer:";
const RULE = "-".repeat(33);
const PART = 1 << 20;
/** A trace file's header; text that a program wrote into such a trace may look like a dump. */
const TRACE_FILE = "# tracer:";
/**
 * What syslog puts before a message; dmesg -x's facility and level; `<4>`; a time, as printk and dmesg -T print it, and
 * the caller (CONFIG_PRINTK_CALLER).
 */
const PREFIX = String.raw`(?:[^\n]{1,128}? kernel: )?(?:[a-z]{1,8} {0,6}:[a-z]{1,8} {0,6}: )?(?:<\d{1,3}>)?(?:\[ {0,10}(?:\d{1,10}\.\d{6}|[A-Z][a-z]{2} [A-Z][a-z]{2} [\d: ]{10,18})\](?: ?\[ {0,8}[CT]\d{1,10}\])? )?`;
const PREFIXED = new RegExp(`^${PREFIX}`);
const TITLED = new RegExp(`^${PREFIX}${TITLE}\\r?$`, "m");
/** More than the longest prefix. */
const OVERLAP = 512;

/** True for a log in which the kernel says that it dumps ftrace's buffer. */
export function isKernelLog(source: ByteSource): boolean {
  if (latin1(source.read(0, TRACE_FILE.length)) === TRACE_FILE) return false;
  const end = Math.min(source.size, LOG_SEARCHED_BYTES);
  for (let at = 0; at < end; at += PART) {
    const text = latin1(source.read(at, PART + OVERLAP));
    if (text.includes(TITLE) && TITLED.test(text)) return true;
  }
  return false;
}

/** The lines of the log's dumps, as a trace file has them; null for a line that is too long. */
export function* dumpedLines(open: Opener): Generator<string | null> {
  /** Whether a dump's title was the last line, and whether the present line is in a dump. */
  let titled = false;
  let inside = false;
  for (const line of textLines(open)) {
    const text = line?.replace(PREFIXED, "") ?? null;
    if (text === TITLE) {
      titled = true;
      inside = false;
    } else if (text === RULE && (titled || inside)) {
      inside = titled;
      titled = false;
    } else if (inside) yield text;
  }
}
