// Finds kallsyms_token_table and kallsyms_token_index in a kernel's image: 256 texts, each ended by a NUL, then 256
// halfwords with the offset of each text. No other table has this shape, so the search for a compressed kallsyms begins
// here. The index also shows the byte order: it begins with 0 and a small number.

import type { Endian } from "../../bytes/endian.ts";
import { latin1 } from "../../bytes/text.ts";
import { KALLSYMS_TOKEN_PLACES } from "../../limits.ts";

const TOKENS = 256;
/** KSYM_NAME_LEN: no name and no token is longer. */
export const LONGEST_NAME = 512;
/** The most zeros between two tables: gas on MIPS reads the `.align 8` of 64-bit kernels before 4.20 as 256 bytes. */
export const MOST_PADDING = 256;

export interface TokenTable {
  readonly endian: Endian;
  readonly tokens: readonly string[];
  /** Offsets of the first token and of the first byte after the index. */
  readonly start: number;
  readonly end: number;
}

/** Every token table with its index. */
export function* tokenTables(bytes: Uint8Array): Generator<TokenTable> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const last = bytes.length - 2 * TOKENS;
  let places = 0;
  for (let at = 0; at <= last; at += 4) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0) continue;
    const little = bytes[at + 3] === 0;
    if ((bytes[at + 2] === 0) === little) continue;
    if (!isIndex(view, at, little)) continue;
    const tokens = readTokens(bytes, view, at, little);
    if (tokens !== null) {
      yield { ...tokens, endian: little ? "little" : "big", end: at + 2 * TOKENS };
    }
    if (++places === KALLSYMS_TOKEN_PLACES) return;
  }
}

/** Whether 256 halfwords ascend, each by at least a text and its NUL. */
function isIndex(view: DataView, at: number, little: boolean): boolean {
  let previous = 0;
  for (let token = 1; token < TOKENS; token++) {
    const offset = view.getUint16(at + 2 * token, little);
    if (offset < previous + 2) return false;
    previous = offset;
  }
  return true;
}

/** The tokens whose index begins at `indexAt`: they end directly before it, apart from padding. */
function readTokens(
  bytes: Uint8Array,
  view: DataView,
  indexAt: number,
  little: boolean,
): { tokens: string[]; start: number } | null {
  const offset = (token: number): number => view.getUint16(indexAt + 2 * token, little);
  let end = indexAt;
  while (end > indexAt - MOST_PADDING && bytes[end - 1] === 0) end -= 1;
  const before = Math.max(0, end - LONGEST_NAME - 1);
  const lastStart = before + bytes.subarray(before, end).lastIndexOf(0) + 1;
  const start = lastStart - offset(TOKENS - 1);
  if (start < 0 || end === indexAt || lastStart >= end) return null;
  const tokens: string[] = [];
  for (let token = 0; token < TOKENS; token++) {
    const from = start + offset(token);
    const nul = token + 1 < TOKENS ? start + offset(token + 1) - 1 : end;
    if (nul - from > LONGEST_NAME) return null;
    if (bytes.subarray(from, nul + 1).indexOf(0) !== nul - from) return null;
    tokens.push(latin1(bytes.subarray(from, nul)));
  }
  return { tokens, start };
}
