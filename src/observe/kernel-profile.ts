// The profile of a whole kernel: the exact number of instructions that each function of the kernel, of its modules and of
// user programs executed while it was observed, with the count of each instruction. Addresses of user programs are
// those of whichever program ran, so they are one function.

import { KSEG0, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { symbolAmong } from "../ftrace/symbol-table.ts";
import type { Profile, ProfiledFunction, ProfiledInstruction } from "../profile/profile.ts";
import { GuestMemory } from "./guest-memory.ts";
import type { RunningKernel } from "./running-kernel.ts";

/** What represents the sections of a kernel's file. */
const SECTION = "memory";

interface Found extends ProfiledFunction {
  instructions: number;
  readonly code: ProfiledInstruction[];
}

/**
 * The counts up to now.
 * @param title what was run, for people.
 * @throws Refusal when more code ran than can be counted.
 */
export function kernelProfile(running: RunningKernel, title: string): Profile {
  const { processor } = running.board;
  const counts = processor.executionCounts;
  counts.check();
  const memory = new GuestMemory(processor);
  const tables = [...running.tables, ...running.gone];
  const functions = new Map<string, Found>();
  let all = 0;
  for (const page of counts.pages) {
    const { executed } = counts.range(page, PAGE_SIZE);
    const isUser = page < KSEG0;
    const words = isUser ? undefined : memory.words(page, PAGE_SIZE);
    for (const [index, times] of executed.entries()) {
      if (times === 0) continue;
      all += times;
      const address = page + 4 * index;
      const symbol = isUser ? undefined : symbolAmong(tables, address);
      const one = functionOf(functions, isUser ? "(user programs)" : symbol?.name, symbol);
      one.instructions += times;
      if (isUser) continue;
      const start = symbol?.address ?? page;
      one.code.push({
        address,
        section: SECTION,
        offset: address - start,
        word: words?.u32(4 * index) ?? 0,
        executed: times,
        frames: [],
      });
    }
  }
  const sorted = [...functions.values()].sort(
    (a, b) => b.instructions - a.instructions || (a.name < b.name ? -1 : 1),
  );
  return { title, instructions: all, functions: sorted };
}

function functionOf(
  functions: Map<string, Found>,
  name = "(no symbol)",
  symbol?: { readonly address: number; readonly module: string | null },
): Found {
  const key = `${symbol?.address ?? ""} ${name}`;
  const known = functions.get(key);
  if (known !== undefined) return known;
  const made: Found = {
    name,
    module: symbol?.module ?? null,
    path: null,
    line: null,
    instructions: 0,
    code: [],
  };
  functions.set(key, made);
  return made;
}
