// Finds the kallsyms tables in a kernel's image: the names and addresses of its functions, and of its data with
// CONFIG_KALLSYMS_ALL. No header says where they are, but each table has a shape that no other data has, and they are
// close together (scripts/kallsyms.c):
//
//   addresses       before 4.6 a pointer for each symbol, ascending; since then
//   offsets         a word for each symbol, ascending, 0 first, and
//   relative_base   a pointer
//   num_syms        a word; a pointer before 4.20
//   names           for each symbol a length (ULEB128), then that many token numbers
//   markers         a word (a pointer before 4.20) for each 256 symbols: where their names begin
//   seqs_of_names   three bytes a symbol, since 6.2 and in stable kernels before it; farjal has no use for it
//   token_table     256 texts, NUL-terminated
//   token_index     256 halfwords: where each text begins
//
// Since 6.4 offsets and relative_base come last; kernels of 2026 have no relative_base. OpenWrt's kernels have no
// tokens: their names are plain text. A name's first character is the symbol's type.

import type { Endian } from "../../bytes/endian.ts";
import { Image } from "../image.ts";
import type { KernelSymbol } from "../kernel.ts";
import { type Addresses, findAddresses } from "./addresses.ts";
import { findNames, type Names } from "./names.ts";
import { tokenTables } from "./tokens.ts";

/** The most token tables that are tried; a kernel has one. */
const MOST_TOKEN_TABLES = 4;
const ORDERS: readonly Endian[] = ["little", "big"];

export interface Kallsyms {
  readonly image: Image;
  /** Ascending by address; on 64 bits, the low words of the addresses. */
  readonly symbols: readonly KernelSymbol[];
  /** Whether the addresses count from the image's first byte, whose address isn't known. */
  readonly ofImage: boolean;
}

/** Finds the tables and reads them; null when the image has none. */
export function findKallsyms(bytes: Uint8Array): Kallsyms | null {
  let tables = 0;
  for (const { endian, tokens, start, end } of tokenTables(bytes)) {
    if (tables++ === MOST_TOKEN_TABLES) break;
    const image = new Image(bytes, endian);
    const names = findNames(image, tokens, start >>> 2);
    const addresses = names && findAddresses(image, names, Math.ceil(end / 4));
    if (names !== null && addresses !== null) return made(image, names, addresses);
  }
  for (const endian of ORDERS) {
    const image = new Image(bytes, endian);
    const names = findNames(image, null, image.words.length);
    const addresses = names && findAddresses(image, names, names.end);
    if (names !== null && addresses !== null) return made(image, names, addresses);
  }
  return null;
}

function made(image: Image, { list }: Names, { low, high, ofImage }: Addresses): Kallsyms {
  return {
    image: high === null ? image : new Image(image.bytes, image.endian, high),
    symbols: list.map((name, index) => ({
      name: name.slice(1),
      address: low[index] as number,
      type: name.charAt(0),
    })),
    ofImage,
  };
}
