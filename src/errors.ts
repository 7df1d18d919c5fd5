// The two ways farjal says no. A Refusal is a verdict: Linux (or the planner, or the run) would not go
// on with this input, and it carries the kernel's own lines, the errno and our explanation; the command
// line exits 1. A Misuse is a wrong call: a bad option, a file that is not what the option takes; it
// exits 2. Anything else that is thrown is a defect of farjal.

/** Names of the errno values the module loader returns. */
export type Errno =
  | "EPERM"
  | "ENOENT"
  | "ENOEXEC"
  | "ENOMEM"
  | "EAGAIN"
  | "EBUSY"
  | "EEXIST"
  | "EINVAL"
  | "ENOSPC"
  | "EBADMSG"
  | "EKEYREJECTED";

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
