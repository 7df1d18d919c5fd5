// The two errors that farjal throws on purpose. A Refusal is a verdict: Linux (or the planner, or the run) can't
// continue with this input; it carries the kernel's own lines, the errno and our explanation, and the command line
// exits 1. A Misuse is a wrong call, such as a bad option or a file of the wrong kind; the command line exits 2. A call
// of guest code that stops has an error of its own (lab/calls/outcome.ts). Any other thrown error is a defect of farjal.

/** errno by number, as on Linux for MIPS: the values that the module loader and init functions return. */
const ERRNO = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  7: "E2BIG",
  8: "ENOEXEC",
  9: "EBADF",
  10: "ECHILD",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  15: "ENOTBLK",
  16: "EBUSY",
  17: "EEXIST",
  18: "EXDEV",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  28: "ENOSPC",
  33: "EDOM",
  34: "ERANGE",
  77: "EBADMSG",
  89: "ENOSYS",
  122: "EOPNOTSUPP",
  145: "ETIMEDOUT",
  164: "EKEYREJECTED",
} as const;

export type Errno = (typeof ERRNO)[keyof typeof ERRNO];
export const ERRNO_NAMES: readonly Errno[] = Object.values(ERRNO);

/** The name of an errno, given as a positive number; null for one that isn't listed here. */
export function errnoName(number: number): Errno | null {
  return (ERRNO as Readonly<Record<number, Errno | undefined>>)[number] ?? null;
}

export interface RefusalDetails {
  /** null when the kernel has no errno for the refusal (a run that ends in an exception, a plan that can't be made). */
  readonly errno: Errno | null;
  /** The kernel's lines, word for word, without timestamps; empty when the kernel prints nothing. */
  readonly dmesg: readonly string[];
  /** farjal's explanation: which site, which symbol, why, and what mends it. */
  readonly explanation: string;
}

export class Refusal extends Error implements RefusalDetails {
  override readonly name = "Refusal";
  readonly errno: Errno | null;
  readonly dmesg: readonly string[];
  readonly explanation: string;

  constructor(details: RefusalDetails) {
    super([...details.dmesg, details.explanation].join("\n"));
    this.errno = details.errno;
    this.dmesg = details.dmesg;
    this.explanation = details.explanation;
  }
}

export class Misuse extends Error {
  override readonly name: string = "Misuse";
}

/** A filter, a symbol or a pattern that is well-formed and matches nothing. The command line exits 1. */
export class NothingMatches extends Misuse {
  override readonly name = "NothingMatches";
}

/**
 * The system's message for a failed call: `no such file or directory` from `ENOENT: no such file or directory, open
 * 'x'`.
 */
export function systemError(error: unknown): string {
  const { message } = error as Error;
  return /^E[A-Z0-9]+: (.*?)(, \w+.*)?$/.exec(message)?.[1] ?? message;
}

/** Does what writes to a path. @throws Misuse with the path and the system's reason, if the system refuses. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Misuse(`${path} can't be written: ${systemError(error)}`);
  }
}
