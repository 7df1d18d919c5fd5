// A module and the kernel that it is judged against, and how one of the loader's checks is run on it alone: on a fresh
// attempt to load, whose lines are then those of this check.

import { WIDTH_32 } from "../address.ts";
import { Refusal } from "../errors.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { Loading } from "../module/loading.ts";
import { StrictHost } from "./host.ts";
import type { Reason } from "./reason.ts";
import type { Target } from "./target.ts";

export interface Subject {
  readonly file: ModuleFile;
  readonly target: Target;
}

/** What is wrong with a module in one respect, and what the user should know besides. */
export interface Findings {
  readonly reasons: readonly Reason[];
  /** Sentences. */
  readonly notes: readonly string[];
}

/** An attempt to load the module that has printed nothing yet. */
export function attempt({ file, target }: Subject): Loading {
  const { bits, endian } = target.kernel;
  // The checks compare no addresses, so those of a 64-bit kernel may be cut off.
  const width = { ...WIDTH_32, bits: bits ?? file.elf.class };
  const facts = { endian: endian ?? file.elf.endian, width, target, user: file.name, base: 0 };
  const loading = new Loading(file, new StrictHost<number>(facts), { dry: true });
  loading.dmesg.length = 0;
  return loading;
}

/** Runs one check; null if the module passes it. */
export function failureOf(
  subject: Subject,
  check: (loading: Loading) => void,
): Pick<Reason, "dmesg" | "explanation"> | null {
  try {
    check(attempt(subject));
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { dmesg, explanation } = error;
    return { dmesg, explanation };
  }
}
