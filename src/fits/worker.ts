// The code of each thread that reads or judges the modules of a tree. Each task is one file; what the kernel and the
// other modules are comes as values when the thread starts, so a thread reads no kernel.

import { join } from "node:path";
import type { Address } from "../address.ts";
import { Misuse, Refusal } from "../errors.ts";
import type { KernelProfile } from "../kernel/rules/profile.ts";
import { openModule } from "../module/file/source.ts";
import { poolSetup } from "../sweep/pool-setup.ts";
import { judge, refusedFile } from "./judge.ts";
import { factsOf, type ModuleFacts } from "./module-facts.ts";
import { type PortableParts, portedTarget } from "./portable.ts";
import type { Verdict } from "./reason.ts";
import type { Target } from "./target.ts";

export interface JudgeSetup {
  readonly directory: string;
  readonly parts: PortableParts;
  readonly profile: KernelProfile;
  readonly base: Address;
}

/** What a module's file contributes to the verdicts on others; null if it is no module. @param path of the file */
export async function readFacts(path: string): Promise<ModuleFacts | null> {
  try {
    return factsOf(await openModule(path));
  } catch (error) {
    if (error instanceof Refusal || error instanceof Misuse) return null;
    throw error;
  }
}

let target: Target | undefined;

/** @param path in the tree. */
export async function judgeOne(path: string): Promise<Verdict> {
  const { directory, parts, profile, base } = poolSetup<JudgeSetup>();
  target ??= portedTarget(parts);
  try {
    const file = await openModule(join(directory, path), { profileOf: () => profile });
    const { imports: _, ...verdict } = judge(file, target, { base, path });
    return verdict;
  } catch (error) {
    if (error instanceof Refusal) return refusedFile(path, error);
    if (!(error instanceof Misuse)) throw error;
    return refusedFile(path, { errno: null, dmesg: [], explanation: error.message });
  }
}
