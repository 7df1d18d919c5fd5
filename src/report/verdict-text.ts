// Prints Linux's verdict on a module and, apart from it, what farjal did about its far jumps; and, for a module that
// Linux refuses because of them, what can be done, the cheapest first, with the commands.

import type { RefusalDetails } from "../errors.ts";
import { counted } from "../html/numbers.ts";
import type { Paint } from "./paint.ts";
import { refusalText } from "./refusal-text.ts";

/** Linux's verdict on a module's unchanged file. */
export type LinuxVerdict = "loads" | "refused";

/** What becomes of a module's far jumps, and of those of the modules that are loaded first. */
export interface Mending {
  /** `none`: they are left as they are, and the numbers say what trampolines would do. */
  readonly how: "none" | "trampolines" | "rewriting";
  readonly farJumps: number;
  readonly trampolines: number;
  /** Places that were written anew in the file. */
  readonly changes: number;
  /** Whether the user asked for it. */
  readonly asked: boolean;
}

/** The kernel's words and Linux's verdict, whole lines. */
export function linuxText(name: string, linux: RefusalDetails | null, paint: Paint): string {
  if (linux === null) return `Linux ${paint.green("loads")} ${paint.bold(name)}\n`;
  return `${refusalText(linux, paint)}Linux ${paint.red("refuses")} ${paint.bold(name)}\n`;
}

/** What farjal's loader did. */
export interface FarjalsPart {
  readonly name: string;
  readonly isLoaded: boolean;
  readonly callSites: number;
  readonly mending: Mending | null;
  /** Whether Linux loads it too. */
  readonly linuxLoads: boolean;
}

/** What farjal did about what Linux refuses; one line. */
export function farjalText(part: FarjalsPart, paint: Paint): string {
  const { name, isLoaded, callSites, mending, linuxLoads } = part;
  const bold = paint.bold(name);
  const sites = counted(callSites, "call site");
  if (isLoaded && linuxLoads) return `${bold} ${paint.green("is loaded")}, with ${sites}\n`;
  if (isLoaded && mending === null) {
    return `farjal ${paint.yellow("loads")} ${bold} with stubs for the missing imports, and ${sites}\n`;
  }
  if (mending === null) return `farjal ${paint.red("can't load")} ${bold} either\n`;
  if (isLoaded)
    return `farjal ${paint.yellow("mends")} ${bold} and loads it, with ${mendedWith(mending)} and ${sites}\n`;
  const could = `${counted(mending.trampolines, "trampoline")} would mend ${counted(mending.farJumps, "far jump")}`;
  return mending.trampolines === 0
    ? `farjal ${paint.red("can't mend")} ${bold}\n`
    : `the options keep farjal from mending ${bold}: ${could}\n`;
}

/** `5 trampolines for 14 far jumps`. */
export function mendedWith({ how, trampolines, farJumps, changes }: Mending): string {
  return how === "rewriting"
    ? `${counted(changes, "place")} rewritten`
    : `${counted(trampolines, "trampoline")} for ${counted(farJumps, "far jump")}`;
}

/** What can be done about far jumps, whole lines. @param path the module's file, as the user wrote it. */
export function remedyText(path: string, paint: Paint): string {
  const file = path === "-" ? "M.ko" : shellWord(path);
  const mended =
    path === "-" ? "mended.ko" : shellWord(path.replace(/(\.ko|\.o)?(\.\w+)?$/, "-mended.ko"));
  return `${paint.bold("what to do, the cheapest first:")}
  1. build it with long calls, as kernels do today
       make -C KERNEL_TREE M="$PWD" KCFLAGS=-mlong-calls modules
  2. if it can't be built again, rewrite the file
       farjal mend ${file} -o ${mended}
  3. or load it with a loader that makes trampolines, as OpenWrt's kernel has; in farjal
       farjal load ${file} --far-jumps trampoline
`;
}

/** A word as a shell takes it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
