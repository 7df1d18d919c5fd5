// Prints bytes, sixteen a line, as `hexdump -C` does: lines equal to the one before are replaced by one `*`, and the
// last line is the offset of the end.

import { sameBytes } from "../bytes/text.ts";
import { digits } from "../hex.ts";

const A_LINE = 16;

/** Lines without newlines; offsets count from the first byte. */
export function* hexDump(bytes: Uint8Array): Generator<string> {
  let previous: Uint8Array | undefined;
  let squeezing = false;
  for (let at = 0; at < bytes.length; at += A_LINE) {
    const line = bytes.subarray(at, at + A_LINE);
    if (previous !== undefined && sameBytes(line, previous)) {
      if (!squeezing) yield "*";
      squeezing = true;
      continue;
    }
    squeezing = false;
    previous = line;
    const hex = [...line].map((byte) => byte.toString(16).padStart(2, "0"));
    const left = hex.slice(0, 8).join(" ").padEnd(23);
    const right = hex.slice(8).join(" ").padEnd(23);
    const text = [...line].map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    );
    yield `${digits(at)}  ${left}  ${right}  |${text.join("")}|`;
  }
  yield digits(bytes.length);
}
