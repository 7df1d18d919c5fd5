// A profile in callgrind's format (valgrind's manual, "Callgrind Format Specification"), which callgrind_annotate and
// KCachegrind read: costs by function, instruction and line, without calls. A file of inlined code is named by fi, the
// return to the function's own file by fe.

import type { Profile, ProfiledFunction } from "./profile.ts";

const UNKNOWN = "???";

export function* callgrindText(
  { title, instructions, functions }: Profile,
  creator: string,
): Generator<string> {
  yield `# callgrind format\nversion: 1\ncreator: ${creator}\ncmd: ${oneLine(title)}\n`;
  yield `positions: instr line\nevents: Ir\nsummary: ${instructions}\n`;
  for (const one of functions) yield* functionText(one);
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

/** Names come from files: a line break would begin another line of the format. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}
