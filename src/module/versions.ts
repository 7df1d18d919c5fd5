// __versions: the checksum that each imported symbol had where the module was built, module_layout's
// first. struct modversion_info of 32-bit Linux 6.1: {unsigned long crc; char name[60]}.

import type { Words } from "../elf/words.ts";

const RECORD_SIZE = 64;
const NAME_OFFSET = 4;

/** Symbol → checksum. Of several records for one symbol the first counts, as in check_version(). */
export function readVersions(section: Words): Map<string, number> {
  const versions = new Map<string, number>();
  for (let at = 0; at + RECORD_SIZE <= section.size; at += RECORD_SIZE) {
    const name = section.string(at + NAME_OFFSET, RECORD_SIZE - NAME_OFFSET);
    if (!versions.has(name)) versions.set(name, section.u32(at));
  }
  return versions;
}
