// Prints a refusal: the kernel's own lines, the errno with insmod's message for it, then the explanation.

import type { Errno, RefusalDetails } from "../errors.ts";
import type { Paint } from "./paint.ts";

/** The messages of kmod's insmod for some errnos; for the others it prints the C library's text. */
const INSMOD_SAYS: Partial<Record<Errno, string>> = {
  ENOEXEC: "Invalid module format",
  ENOENT: "Unknown symbol in module",
  EINVAL: "Invalid parameters",
};

/** Whole lines, each with its newline. */
export function refusalText({ errno, dmesg, explanation }: RefusalDetails, paint: Paint): string {
  const said = errno === null ? undefined : INSMOD_SAYS[errno];
  const verdict = said === undefined ? errno : `${errno} (insmod: ${said})`;
  return [
    ...dmesg.map((line) => paint.red(line)),
    ...(verdict === null ? [] : [paint.bold(verdict)]),
    ...(explanation === "" ? [] : [explanation]),
  ]
    .map((line) => `${line}\n`)
    .join("");
}
