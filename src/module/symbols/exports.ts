// A module's exports: __ksymtab and __ksymtab_gpl, as in the file. struct kernel_symbol of Linux 6.1 is three absolute
// pointers {value, name, namespace}; MIPS has no relative form. __kcrctab[_gpl] holds the checksums, in the same order
// and already final. In an object that has not been linked with the kernel's linker script, each export still has a
// section of its own, `___ksymtab+NAME`.
//
// After loading, an export's address is read from guest memory, at the same place.

import { contents } from "../../elf/contents.ts";
import type { Section } from "../../elf/object.ts";
import { readPointers, stringAt } from "../file/pointers.ts";
import type { ModuleSections } from "../layout/sections.ts";

/** struct kernel_symbol: its number of pointers, and the indices of the name's and the namespace's. */
const POINTERS = 3;
const NAME = 1;
const NAMESPACE = 2;

export interface ExportedSymbol {
  readonly name: string;
  /** EXPORT_SYMBOL_GPL: only for modules with a GPL-compatible license. */
  readonly gpl: boolean;
  /** The checksum (modversions); null if the module was built without. */
  readonly crc: number | null;
  /** EXPORT_SYMBOL_NS: importers must name it; null if there is none. */
  readonly namespace: string | null;
  /** The place of its struct kernel_symbol, whose first pointer is the address. */
  readonly section: Section;
  readonly offset: number;
}

/** The exports: ordinary ones first, then GPL-only ones, each in its table's order. */
export function readExports(sections: ModuleSections): ExportedSymbol[] {
  const single = (prefix: string) =>
    sections.elf.sections.filter(({ name }) => name.startsWith(prefix));
  const plain = [sections.find("__ksymtab") ?? [], single("___ksymtab+")].flat();
  const gpl = [sections.find("__ksymtab_gpl") ?? [], single("___ksymtab_gpl+")].flat();
  return [
    ...plain.flatMap((section) => readTable(sections, section, sections.find("__kcrctab"), false)),
    ...gpl.flatMap((section) => readTable(sections, section, sections.find("__kcrctab_gpl"), true)),
  ];
}

function readTable(
  sections: ModuleSections,
  section: Section,
  crcSection: Section | undefined,
  gpl: boolean,
): ExportedSymbol[] {
  const table = readPointers(sections, section);
  const crcs = crcSection && contents(sections.elf, crcSection);
  const word = table.pointerSize;
  const count = Math.floor(table.words.size / (POINTERS * word));
  return Array.from({ length: count }, (_, index) => {
    const offset = index * POINTERS * word;
    return {
      name: stringAt(sections, table.pointer(offset + NAME * word)) ?? "",
      gpl,
      crc: crcs !== undefined && index * 4 + 4 <= crcs.size ? crcs.u32(index * 4) : null,
      // C exports point to an empty string, assembly exports have no pointer.
      namespace: stringAt(sections, table.pointer(offset + NAMESPACE * word)) || null,
      section,
      offset,
    };
  });
}
