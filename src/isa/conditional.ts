// Which branches may go either way. Those that compare a register with itself, or with zero for r0, always go the same
// one: `b` and `bal` are such words.

import { extract, fieldsOf } from "./fields.ts";
import { find, INSTRUCTIONS } from "./table.ts";

/** Whether a word is a branch whose way depends on a register's value. */
export function isConditional(word: number): boolean {
  const row = find(INSTRUCTIONS, word);
  if (row?.group !== "branch") return false;
  const rs = extract("rs", word);
  return fieldsOf(row.form).includes("rt") ? rs !== extract("rt", word) : rs !== 0;
}
