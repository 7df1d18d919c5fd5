// Compares the disassembler with objdump on all of Debian's modules: npm run compare:modules. It takes some minutes;
// objdump.test.ts does the same on a sample. Exits with 1 when a word differs.

import { debian, debianSkip } from "../support/debian.ts";
import { compare } from "./compare.ts";
import { codeOf } from "./modules.ts";

/** Modules compared at a time, because the text of all of them doesn't fit into memory. */
const BATCH = 50;

if (!debian) throw new Error(String(debianSkip));
let words = 0;
let different = 0;
const leftOut = new Map<string, number>();
for (let i = 0; i < debian.modules.length; i += BATCH) {
  const found = compare(codeOf(debian.modules.slice(i, i + BATCH)), "little");
  words += found.words;
  different += found.differences.length;
  for (const difference of found.differences.slice(0, 10)) console.log(difference);
  for (const [mnemonic, count] of found.leftOut)
    leftOut.set(mnemonic, (leftOut.get(mnemonic) ?? 0) + count);
}
console.log(`${debian.modules.length} modules, ${words} words: ${different} differ`);
console.log(
  `left out of the table: ${[...leftOut].map(([name, count]) => `${name} ${count}`).join(", ") || "none"}`,
);
process.exitCode = different === 0 ? 0 : 1;
