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
}

export const INIT_FUNCTION = "init_module";
export const EXIT_FUNCTION = "cleanup_module";

/** Reads struct module; undefined when the file has none. */
export function readThisModule(sections: ModuleSections): ThisModule | undefined {
  const section = sections.find(THIS_MODULE);
  if (section === undefined) return undefined;
  const table = readPointers(sections, section);
  const symbols = new Set([...table.pointers.values()].map((pointer) => pointer.symbol.name));
  const at = WORDS_BEFORE_NAME * table.pointerSize;
  const length = NAME_AND_WORD - table.pointerSize;
  return {
    name: table.words.size > at ? printableName(table.words.string(at, length)) : "",
    hasInit: symbols.has(INIT_FUNCTION),
    hasExit: symbols.has(EXIT_FUNCTION),
  };
}
