// The code of each thread that reads or judges the modules of a tree. Each task is one file; what the kernel and the
// other modules are comes as values when the thread starts, so a thread reads no kernel.

import { join } from "node:path";
import type { Address } from "../address.ts";
import { Misuse, Refusal } from "../errors.ts";
import type { KernelProfile } from "../kernel/rules/profile.ts";
import { readModule } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { readModuleBytes } from "../module/file/source.ts";
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

export interface FactsTask {
  /** The file. */
  readonly path: string;
}

export interface JudgeTask {
  /** In the tree. */
  readonly path: string;
  /** The unpacked module, if the first round kept it. */
  readonly unpacked: Uint8Array | null;
}

const COMPRESSED = /\.(gz|xz|zst)$/;

/** What the first round finds in a file. */
export interface FileFacts {
  readonly facts: ModuleFacts;
  /** The unpacked module, if the file is compressed: unpacking costs more than all the rest. */
  readonly unpacked: Uint8Array | null;
}

/** What a module's file contributes to the verdicts on others; null if it is no module. */
export async function readFacts({ path }: FactsTask): Promise<FileFacts | null> {
  try {
    const bytes = await readModuleBytes(path);
    const facts = factsOf(readModule(bytes, { name: moduleName(path) }));
    return { facts, unpacked: COMPRESSED.test(path) ? bytes : null };
  } catch (error) {
    if (error instanceof Refusal || error instanceof Misuse) return null;
    throw error;
  }
}

let target: Target | undefined;

export async function judgeOne({ path, unpacked }: JudgeTask): Promise<Verdict> {
  const { directory, parts, profile, base } = poolSetup<JudgeSetup>();
  target ??= portedTarget(parts);
  try {
    const bytes = unpacked ?? (await readModuleBytes(join(directory, path)));
    const file = readModule(bytes, { name: moduleName(path), profileOf: () => profile });
    const { imports: _, ...verdict } = judge(file, target, { base, path });
    return verdict;
  } catch (error) {
    if (error instanceof Refusal) return refusedFile(path, error);
    if (!(error instanceof Misuse)) throw error;
    return refusedFile(path, { errno: null, dmesg: [], explanation: error.message });
  }
}
