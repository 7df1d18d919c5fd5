// Bytes for people, sixteen a line, as `hexdump -C` shows them.

const A_LINE = 16;

/** Lines without newlines; offsets count from the first byte. */
export function* hexDump(bytes: Uint8Array): Generator<string> {
  for (let at = 0; at < bytes.length; at += A_LINE) {
    const line = bytes.subarray(at, at + A_LINE);
    const hex = [...line].map((byte) => byte.toString(16).padStart(2, "0"));
    const left = hex.slice(0, 8).join(" ").padEnd(23);
    const right = hex.slice(8).join(" ").padEnd(23);
    const text = [...line].map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    );
    yield `${at.toString(16).padStart(8, "0")}  ${left}  ${right}  |${text.join("")}|`;
  }
}
