// __versions: the checksum of each imported symbol at build time, starting with module_layout's. struct modversion_info
// of Linux 6.1: {unsigned long crc; char name[64 - sizeof(long)]}.

import type { Words } from "../../bytes/words.ts";

const RECORD_SIZE = 64;

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
