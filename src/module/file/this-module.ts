// .gnu.linkonce.this_module: the struct module that modpost put into the file. Its layout depends on the kernel's
// configuration, so only the name is read at a fixed offset, which has never changed ({enum state; struct list_head
// list; char name[]}); the init and exit functions are found by the symbols of its relocations.

import { printableName } from "../../bytes/printable.ts";
import { type ModuleSections, THIS_MODULE } from "../layout/sections.ts";
import { readPointers } from "./pointers.ts";

/** The name comes after three words: MODULE_NAME_LEN is 64 minus the size of one. */
const WORDS_BEFORE_NAME = 3;
const NAME_AND_WORD = 64;

export interface ThisModule {
  /** The name in struct module. */
  readonly name: string;
  /** Whether the module has an init and an exit function: init_module and cleanup_module. */
  readonly hasInit: boolean;
  readonly hasExit: boolean;
  readonly shape: StructModule;
}

/** What a module's file shows of its kernel's struct module. */
export interface StructModule {
  /** Its size in bytes. */
  readonly size: number;
  /** The offsets of the members init and exit; null if the module has no such function. */
  readonly init: number | null;
  readonly exit: number | null;
}

export const INIT_FUNCTION = "init_module";
export const EXIT_FUNCTION = "cleanup_module";

/** Reads struct module; undefined when the file has none. */
export function readThisModule(sections: ModuleSections): ThisModule | undefined {
  const section = sections.find(THIS_MODULE);
  if (section === undefined) return undefined;
  const table = readPointers(sections, section);
  const offsets = new Map([...table.pointers].map(([offset, { symbol }]) => [symbol.name, offset]));
  const at = WORDS_BEFORE_NAME * table.pointerSize;
  const length = NAME_AND_WORD - table.pointerSize;
  return {
    name: table.words.size > at ? printableName(table.words.string(at, length)) : "",
    hasInit: offsets.has(INIT_FUNCTION),
    hasExit: offsets.has(EXIT_FUNCTION),
    shape: {
      size: section.size,
      init: offsets.get(INIT_FUNCTION) ?? null,
      exit: offsets.get(EXIT_FUNCTION) ?? null,
    },
  };
}
