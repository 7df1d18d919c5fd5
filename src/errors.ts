// The two ways farjal says no. A Refusal is a verdict: Linux (or the planner, or the run) would not go
// on with this input, and it carries the kernel's own lines, the errno and our explanation; the command
// line exits 1. A Misuse is a wrong call: a bad option, a file that is not what the option takes; it
// exits 2. Anything else that is thrown is a defect of farjal.

/** errno by number, as Linux on MIPS has them: what the module loader returns and what init functions do. */
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

/** The name of an errno, a positive number; null for one that has none here. */
export function errnoName(number: number): Errno | null {
  return (ERRNO as Readonly<Record<number, Errno | undefined>>)[number] ?? null;
}

export interface RefusalDetails {
  /** null when the kernel has no errno for it (a run that ends in an exception, a plan that can't be made). */
  readonly errno: Errno | null;
  /** The kernel's lines, word for word, without timestamps; may be empty (some refusals are silent). */
  readonly dmesg: readonly string[];
  /** Ours: which site, which symbol, why, and what mends it. */
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
  override readonly name = "Misuse";
}

/** What the system says of a failed call: `no such file or directory` out of `ENOENT: no such file or directory, open 'x'`. */
export function systemError(error: unknown): string {
  const { message } = error as Error;
  return /^E[A-Z0-9]+: (.*?)(, \w+.*)?$/.exec(message)?.[1] ?? message;
}
