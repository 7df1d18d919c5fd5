// The checksum of each imported symbol at build time, starting with module_layout's. __versions has struct
// modversion_info: {unsigned long crc; char name[64 - sizeof(long)]}. Since 6.14 __version_ext_crcs has the checksums
// alone, 32 bits each, and __version_ext_names as many names of any length, each ended by a NUL.

import { latin1 } from "../../bytes/text.ts";
import type { Words } from "../../bytes/words.ts";

const RECORD_SIZE = 64;
const CRC_SIZE = 4;

/** Symbol → checksum. The first of several records for a symbol counts, as in check_version(). @param long its bytes */
export function readVersions(section: Words, long: 4 | 8): Map<string, number> {
  const versions = new Map<string, number>();
  for (let at = 0; at + RECORD_SIZE <= section.size; at += RECORD_SIZE) {
    const name = section.string(at + long, RECORD_SIZE - long);
    const crc = long === 8 ? section.size64(at) : section.u32(at);
    if (!versions.has(name)) versions.set(name, crc);
  }
  return versions;
}

/** Symbol → checksum, as readVersions(); null if there are more checksums than names. */
export function readExtendedVersions(crcs: Words, names: Words): Map<string, number> | null {
  const versions = new Map<string, number>();
  let from = 0;
  for (let at = 0; at + CRC_SIZE <= crcs.size; at += CRC_SIZE) {
    const end = names.bytes.indexOf(0, from);
    if (end < 0) return null;
    const name = latin1(names.bytes.subarray(from, end));
    if (!versions.has(name)) versions.set(name, crcs.u32(at));
    from = end + 1;
  }
  return versions;
}
