// Addresses of networks and identifiers, as %pM, %pI, %pi and %pU print them: mac_address_string(),
// ip4_string(), ip6_string(), ip6_compressed_string(), the two of struct sockaddr, and uuid_string() of
// lib/vsprintf.c.

import type { PrintkMemory } from "./arguments.ts";
import type { PointerWriter } from "./pointer-writer.ts";
import { type Specification, writeError, writeNumber, writeString } from "./specification.ts";
import { bytesAt, refusedPointer } from "./string.ts";
import { FormattedText } from "./text.ts";

const MAC_SIZE = 6;
const IP4_SIZE = 4;
const IP6_SIZE = 16;
const UUID_SIZE = 16;
/** sa_family of struct sockaddr_in {family, port, addr} and sockaddr_in6 {family, port, flowinfo, addr, scope_id}. */
const AF_INET = 2;
const AF_INET6 = 10;
const SOCKADDR_SIZE = 8;
const SOCKADDR_6_SIZE = 28;
const FLOWINFO_MASK = 0x0fff_ffff;
/** The order in which a little-endian GUID's bytes are printed. */
const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** %pM, %pm, with F for FDDI's dashes and R for reverse order. */
export const writeMac: PointerWriter = (out, letters, address, spec, memory) => {
  const bytes = bytesAt(out, address, MAC_SIZE, spec, memory);
  if (bytes === undefined) return;
  const order = letters[1] === "R" ? [...bytes].reverse() : [...bytes];
  const separator = letters[0] === "m" ? "" : letters[1] === "F" ? "-" : ":";
  writeString(out, order.map(hexByte).join(separator), spec);
};

/** %pI4, %pi6 and their variants; for %pIS and %piS the family in a struct sockaddr decides. */
export const writeIp: PointerWriter = (out, letters, address, spec, memory) => {
  if (refusedPointer(out, address, spec)) return;
  const size = { "4": IP4_SIZE, "6": IP6_SIZE, S: SOCKADDR_SIZE }[letters.charAt(1)];
  if (size === undefined) {
    writeError(out, `(%p${letters.charAt(0)}?)`, spec);
    return;
  }
  const bytes = bytesAt(out, address, size, spec, memory);
  if (bytes === undefined) return;
  const padded = letters[0] === "i";
  if (size === IP4_SIZE) writeString(out, ip4(bytes, padded, letters.charAt(2), memory), spec);
  else if (size === IP6_SIZE) writeString(out, ip6(bytes, padded, letters[2] === "c"), spec);
  else writeSocketAddress(out, letters, address, bytes, spec, memory);
};

function writeSocketAddress(
  out: FormattedText,
  letters: string,
  address: number,
  start: Uint8Array,
  spec: Specification,
  memory: PrintkMemory,
): void {
  const padded = letters[0] === "i";
  const options = /^[A-Za-z]*/.exec(letters.slice(2))?.[0] ?? "";
  const family = new DataView(start.buffer, start.byteOffset).getUint16(0, memory.littleEndian);
  // The numbers after the address use the conversion's width and precision, and so does the whole text afterwards.
  const number = (value: number): string => {
    const text = new FormattedText(64);
    writeNumber(text, value, spec, { base: 10 });
    return text.text;
  };
  const port = (bytes: Uint8Array): number => ((bytes[2] as number) << 8) | (bytes[3] as number);
  if (family === AF_INET) {
    const order = [...options].filter((letter) => "hlnb".includes(letter)).at(-1) ?? "";
    let text = ip4(start.subarray(4), padded, order, memory);
    if (options.includes("p")) text += `:${number(port(start))}`;
    writeString(out, text, spec);
    return;
  }
  if (family !== AF_INET6) {
    writeError(out, "(einval)", spec);
    return;
  }
  const bytes = bytesAt(out, address, SOCKADDR_6_SIZE, spec, memory);
  if (bytes === undefined) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const host = ip6(bytes.subarray(8, 24), padded, options.includes("c"));
  let text = /[pfs]/.test(options) ? `[${host}]` : host;
  if (options.includes("p")) text += `:${number(port(bytes))}`;
  if (options.includes("f")) text += `/${number(view.getUint32(4) & FLOWINFO_MASK)}`;
  if (options.includes("s")) text += `%${number(view.getUint32(24, memory.littleEndian))}`;
  writeString(out, text, spec);
}

/** @param order h: the host's; l: little-endian; n, b and none: the network's. */
function ip4(bytes: Uint8Array, padded: boolean, order: string, memory: PrintkMemory): string {
  const reversed = order === "l" || (order === "h" && memory.littleEndian);
  const quads = reversed ? [...bytes].reverse() : [...bytes];
  return quads.map((quad) => String(quad).padStart(padded ? 3 : 1, "0")).join(".");
}

function ip6(bytes: Uint8Array, padded: boolean, compressed: boolean): string {
  const halves = Array.from({ length: 8 }, (_, i) => {
    return ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number);
  });
  if (padded || !compressed) {
    return halves.map((half) => half.toString(16).padStart(4, "0")).join(padded ? "" : ":");
  }
  return compressedIp6(halves, bytes);
}

/** RFC 5952, with the last four bytes in decimal for mapped and ISATAP addresses. */
function compressedIp6(halves: readonly number[], bytes: Uint8Array): string {
  const mapped = halves.slice(0, 5).every((half) => half === 0) && halves[5] === 0xffff;
  const isatap = ((halves[4] as number) | 0x0200) === 0x0200 && halves[5] === 0x5efe;
  const range = mapped || isatap ? 6 : 8;
  let longest = 1;
  let gap = -1;
  for (let from = 0; from < range; from++) {
    let to = from;
    while (to < range && halves[to] === 0) to += 1;
    if (to - from > longest) [longest, gap] = [to - from, from];
  }
  let text = "";
  let needColon = false;
  for (let index = 0; index < range; index++) {
    if (index === gap) {
      text += needColon || index === 0 ? "::" : ":";
      needColon = false;
      index += longest - 1;
      continue;
    }
    if (needColon) text += ":";
    text += (halves[index] as number).toString(16);
    needColon = true;
  }
  if (range === 8) return text;
  return `${text}${needColon ? ":" : ""}${[...bytes.subarray(12)].join(".")}`;
}

/** %pU: b and B big-endian, l and L little-endian; capitals give capitals. */
export const writeUuid: PointerWriter = (out, letters, address, spec, memory) => {
  const bytes = bytesAt(out, address, UUID_SIZE, spec, memory);
  if (bytes === undefined) return;
  const kind = letters.charAt(1);
  const little = kind === "l" || kind === "L";
  const order = Array.from({ length: UUID_SIZE }, (_, i) =>
    little ? (GUID_ORDER[i] as number) : i,
  );
  const digits = order.map((index) => hexByte(bytes[index] as number)).join("");
  const text = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  writeString(out, kind === "L" || kind === "B" ? text.toUpperCase() : text, spec);
};
