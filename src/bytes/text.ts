// Converts between text and bytes, and adds what Uint8Array lacks: search, comparison, concatenation. It uses only
// features of every JavaScript engine, so that the library runs in a browser as well as in Node.

const ENCODER = new TextEncoder();
/** A byte order mark at the start is decoded like any other character. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
/** The Encoding standard's "latin1" is windows-1252. It is faster for long texts, and rejects shared memory. */
const WINDOWS_1252 = new TextDecoder("latin1");
/** The most bytes for which String.fromCharCode() is faster; it takes each byte as an argument. */
const SHORT = 256;

/** Decodes bytes as one character each (U+0000 to U+00FF); a name that is read in this way is never changed. */
export function latin1(bytes: Uint8Array): string {
  if (bytes.length <= SHORT) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  if (bytes.every(isSameInWindows1252)) return WINDOWS_1252.decode(bytes.slice());
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += SHORT) {
    parts.push(latin1(bytes.subarray(at, at + SHORT)));
  }
  return parts.join("");
}

/** Whether windows-1252 and Latin-1 agree on the byte's character: they do except for 0x80 to 0x9f. */
function isSameInWindows1252(byte: number): boolean {
  return byte < 0x80 || byte > 0x9f;
}

/** The reverse of latin1(): the low eight bits of each character. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** Decodes UTF-8; bytes that aren't UTF-8 become U+FFFD. */
export function utf8(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** `%*s` of C: blanks before the text up to a width in bytes. */
export function padStartBytes(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - utf8Bytes(text).length)) + text;
}

/** Two lowercase digits for each byte. */
export function hexDigits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** RFC 4648's alphabet and padding. */
export function base64(bytes: Uint8Array): string {
  return btoa(latin1(bytes));
}

/** The bytes of such a text. @throws DOMException when it is none. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return latin1Bytes(atob(text));
}

/** Concatenates the parts. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** From this length on, skipping costs less than the engine's search for the first byte. */
const LONG_NEEDLE = 8;

/** The first offset of `needle` in `bytes`, from `from` on; -1 when there is none. */
export function indexOfBytes(bytes: Uint8Array, needle: Uint8Array, from = 0): number {
  const [first] = needle;
  if (first === undefined) return from;
  if (needle.length >= LONG_NEEDLE) return skippingIndexOf(bytes, needle, from);
  const last = bytes.length - needle.length;
  for (
    let at = bytes.indexOf(first, from);
    at >= 0 && at <= last;
    at = bytes.indexOf(first, at + 1)
  ) {
    let matched = 1;
    while (matched < needle.length && bytes[at + matched] === needle[matched]) matched++;
    if (matched === needle.length) return at;
  }
  return -1;
}

/**
 * Horspool's search: the byte under the needle's last one tells how far the needle can move at once, nearly its length
 * in most places.
 */
function skippingIndexOf(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  const end = needle.length - 1;
  const skips = new Uint32Array(256).fill(needle.length);
  for (let at = 0; at < end; at++) skips[needle[at] as number] = end - at;
  for (let at = from; at + end < bytes.length; at += skips[bytes[at + end] as number] as number) {
    let matched = end;
    while (matched >= 0 && bytes[at + matched] === needle[matched]) matched--;
    if (matched < 0) return at;
  }
  return -1;
}

/** Reverses the bytes of each 32-bit word, in place; the length is a multiple of 4. */
export function swapWords(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, view.getUint32(at), true);
}
