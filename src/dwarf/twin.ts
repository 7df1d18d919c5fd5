// The twin of a module: another file with the debugging information of the same build. Distributions strip modules and
// ship the information in files of their own, which carry the same build-id; OpenWrt's modules have lost that too, and
// their unstripped twin is known by its code, which is the same byte for byte.

import type { Endian } from "../bytes/endian.ts";
import { hexDigits, indexOfBytes, latin1, latin1Bytes, sameBytes } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import { contents } from "../elf/contents.ts";
import { SHF_EXECINSTR, SHT_NOBITS, SHT_NOTE } from "../elf/numbers.ts";
import type { ElfObject, Section } from "../elf/object.ts";

const NT_GNU_BUILD_ID = 3;
const NOTE_HEADER = 12;
/** Bytes; SHA-1's 20 are usual. */
const MOST_ID = 64;

/** The build-id in hexadecimal; null if the file has none. */
export function buildId(elf: ElfObject): string | null {
  for (const section of elf.sections) {
    if (section.type !== SHT_NOTE) continue;
    const words = contents(elf, section);
    for (let at = 0; at + NOTE_HEADER <= words.size; ) {
      const [nameSize, size, type] = [words.u32(at), words.u32(at + 4), words.u32(at + 8)];
      const name = at + NOTE_HEADER;
      const value = name + aligned(nameSize);
      if (value + size > words.size) break;
      if (type === NT_GNU_BUILD_ID && latin1(words.bytes.subarray(name, name + 4)) === "GNU\0") {
        return hexDigits(words.bytes.subarray(value, value + size));
      }
      at = value + aligned(size);
    }
  }
  return null;
}

/**
 * The build-ids in the bytes of a kernel as they are in memory, its vDSO's among them: there is no table that says where
 * its notes are.
 */
export function imageBuildIds(bytes: Uint8Array, endian: Endian): string[] {
  const words = new Words(bytes, endian);
  const ids: string[] = [];
  const name = latin1Bytes("GNU\0");
  for (let at = indexOfBytes(bytes, name); at >= 0; at = indexOfBytes(bytes, name, at + 4)) {
    const [header, value] = [at - NOTE_HEADER, at + 4];
    if (header < 0 || header % 4 !== 0) continue;
    const [nameSize, size, type] = [
      words.u32(header),
      words.u32(header + 4),
      words.u32(header + 8),
    ];
    if (nameSize !== 4 || type !== NT_GNU_BUILD_ID || size > MOST_ID || value + size > words.size)
      continue;
    ids.push(hexDigits(bytes.subarray(value, value + size)));
  }
  return ids;
}

function aligned(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/**
 * Compares two files of what should be one build.
 * @returns null if they are; otherwise how they differ, in a clause that begins with "its".
 */
export function twinDifference(module: ElfObject, debug: ElfObject): string | null {
  if (module.class !== debug.class || module.endian !== debug.endian) {
    const kind = ({ class: bits, endian }: ElfObject): string => `${bits}-bit ${endian}-endian`;
    return `its file is ${kind(debug)}, and the module is ${kind(module)}`;
  }
  const [own, other] = [buildId(module), buildId(debug)];
  if (own !== null && other !== null) {
    return own === other ? null : `its build-id is ${other}, and that of the module is ${own}`;
  }
  for (const section of module.sections) {
    if ((section.flags & SHF_EXECINSTR) === 0 || section.size === 0) continue;
    if (!hasSameCode(module, section, debug)) {
      return `its ${section.name} differs from that of the module, and not both have a build-id`;
    }
  }
  return null;
}

function hasSameCode(module: ElfObject, section: Section, debug: ElfObject): boolean {
  return debug.sections.some(
    (other) =>
      other.name === section.name &&
      other.size === section.size &&
      // A file made by objcopy --only-keep-debug has the sizes of the sections, without their bytes.
      (other.type === SHT_NOBITS ||
        sameBytes(contents(module, section).bytes, contents(debug, other).bytes)),
  );
}
