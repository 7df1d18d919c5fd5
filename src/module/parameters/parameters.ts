// A module's parameters: __param, as in the file. struct kernel_param of Linux 6.1 is {name*, mod*, ops*, u16 perm,
// s8 level, u8 flags, arg*}, the last pointer aligned. A parameter's type follows from the name of the ops that it
// points to (param_ops_int, …) and from modinfo's parmtype.

import type { Modinfo } from "../file/modinfo.ts";
import { readPointers, stringAt } from "../file/pointers.ts";
import type { ModuleSections } from "../layout/sections.ts";

/** struct kernel_param, in units of a pointer's size: its size and the offsets of its fields. */
const SIZE = 5;
const OPS = 2;
const PERM = 3;

export interface Parameter {
  readonly name: string;
  /** Its index in __param, from 0. */
  readonly index: number;
  /** Its file mode in /sys/module/NAME/parameters; 0: it has no file there. */
  readonly permissions: number;
  /** The symbol that its ops pointer names: param_ops_int, param_ops_charp, …; null if it names none. */
  readonly ops: string | null;
  /** modinfo's parmtype and parm. */
  readonly type: string | null;
  readonly description: string | null;
}

/** The parameters, in __param's order. */
export function readParameters(sections: ModuleSections, modinfo: Modinfo): Parameter[] {
  const section = sections.find("__param");
  if (section === undefined) return [];
  const table = readPointers(sections, section);
  const types = namedValues(modinfo.all("parmtype"));
  const descriptions = namedValues(modinfo.all("parm"));
  const word = table.pointerSize;
  const count = Math.floor(table.words.size / (SIZE * word));
  return Array.from({ length: count }, (_, index) => {
    const at = index * SIZE * word;
    const name = stringAt(sections, table.pointer(at)) ?? "";
    return {
      name,
      index,
      permissions: table.words.u16(at + PERM * word),
      ops: table.pointer(at + OPS * word)?.symbol.name || null,
      type: types.get(name) ?? null,
      description: descriptions.get(name) ?? null,
    };
  });
}

/** `name:value` strings as a map. */
function namedValues(texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const colon = text.indexOf(":");
      return colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
    }),
  );
}
