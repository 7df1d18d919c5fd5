// Reads a trace from a file of any kind, recognized by how it begins: a trace.dat, of farjal or of a real machine, or
// ftrace text, also where the kernel dumped it into its log.

import { host } from "#host";
import { memorySource, type Opener } from "../bytes/source.ts";
import { Misuse } from "../errors.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { isKernelLog } from "./text/kernel-log.ts";
import { isFtraceText, readFtraceText, readKernelLog } from "./text/reader.ts";
import type { Trace } from "./trace.ts";
import { isTraceDat } from "./trace-dat/file.ts";
import { readTraceDat } from "./trace-dat/reader.ts";

export interface ReadOptions {
  /** For a trace.dat with several buffers, the one to read: an instance's name, or `top` for the trace's own buffer. */
  readonly instance?: string;
}

const READ_OPTIONS: OptionKeys<ReadOptions> = {
  instance: true,
};

/**
 * Reads a trace. Each pass over the events reads the file again.
 * @throws Misuse when the file can't be read, is no trace or is damaged; damage may also be found while events are
 * read.
 */
export async function readTrace(path: string, options: ReadOptions = {}): Promise<Trace> {
  return traceOf(() => host.openFile(path), path, options);
}

/** The same for a file's bytes. @param name the file's name in errors. */
export function traceFromBytes(bytes: Uint8Array, name: string, options: ReadOptions = {}): Trace {
  return traceOf(() => memorySource(bytes), name, options);
}

function traceOf(open: Opener, name: string, options: ReadOptions): Trace {
  checkOptions("readTrace()", options, READ_OPTIONS);
  const { instance } = options;
  const source = open();
  try {
    if (isTraceDat(source)) return readTraceDat(open, name, instance);
    // A log whose lines have no prefix can be mistaken for trace_pipe's text.
    const isLog = isKernelLog(source);
    if (isLog || isFtraceText(source)) {
      if (instance !== undefined) {
        throw new Misuse(`${name} is ftrace text, which has no instances`);
      }
      return isLog ? readKernelLog(open, name) : readFtraceText(open, name);
    }
  } finally {
    source.close();
  }
  throw new Misuse(`${name} is neither a trace.dat nor ftrace text`);
}
