// A profile in callgrind's format (valgrind's manual, "Callgrind Format Specification"), which callgrind_annotate and
// KCachegrind read: costs by function, instruction and line, and the calls of modules' functions, if they are known. A
// file of inlined code is named by fi, the return to the function's own file by fe.

import type { Profile, ProfiledCall, ProfiledFunction } from "./profile.ts";

const UNKNOWN = "???";

export function* callgrindText(
  { title, instructions, functions, calls = [] }: Profile,
  creator: string,
): Generator<string> {
  yield `# callgrind format\nversion: 1\ncreator: ${creator}\ncmd: ${oneLine(title)}\n`;
  yield `positions: instr line\nevents: Ir\nsummary: ${instructions}\n`;
  for (const one of functions) {
    yield* functionText(one);
    yield* callsText(one, calls, functions);
  }
  yield `\ntotals: ${instructions}\n`;
}

function* functionText(one: ProfiledFunction): Generator<string> {
  const { name, module, code, instructions } = one;
  const own = one.path ?? UNKNOWN;
  yield `\nob=${oneLine(module ?? "kernel")}\nfl=${oneLine(own)}\nfn=${oneLine(name)}\n`;
  if (code.length === 0) yield `0x0 0 ${instructions}\n`;
  let path = own;
  for (const { address, executed, frames } of code) {
    if (executed === 0) continue;
    const [place] = frames;
    const now = place?.path ?? own;
    if (now !== path) yield `${now === own ? "fe" : "fi"}=${oneLine(now)}\n`;
    path = now;
    yield `0x${address.toString(16)} ${place?.line ?? 0} ${executed}\n`;
  }
}

/** The calls from a function: callee, how often, where it begins; then the place, and what the calls executed. */
function* callsText(
  { code, path }: ProfiledFunction,
  calls: readonly ProfiledCall[],
  functions: readonly ProfiledFunction[],
): Generator<string> {
  const [first] = code;
  const last = code.at(-1);
  if (first === undefined || last === undefined) return;
  const own = calls.filter(({ site }) => site >= first.address && site <= last.address);
  if (own.length > 0) yield `fe=${oneLine(path ?? UNKNOWN)}\n`;
  for (const { site, callee, calls: times, instructions, name, module } of own) {
    const to = functions.find((one) => one.name === name && one.module === module);
    const from = code[(site - first.address) / 4]?.frames.at(-1);
    yield `cob=${oneLine(module ?? "kernel")}\ncfi=${oneLine(to?.path ?? UNKNOWN)}\ncfn=${oneLine(name)}\n`;
    yield `calls=${times} 0x${callee.toString(16)} ${to?.line ?? 0}\n`;
    yield `0x${site.toString(16)} ${from?.line ?? 0} ${instructions}\n`;
  }
}

/** Names come from files: a line break would begin another line of the format. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}
