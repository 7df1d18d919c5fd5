// The refusal of a module with more of something than any real module has: each would cost time and memory, and Linux has
// no such limit (src/limits.ts has farjal's).

import { Refusal } from "../errors.ts";

export function tooMany(most: number, what: string): Refusal {
  return new Refusal({
    errno: "ENOEXEC",
    dmesg: [],
    explanation: `the module has more than ${most} ${what}, and no real one has`,
  });
}
