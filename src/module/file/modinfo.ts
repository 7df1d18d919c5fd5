// .modinfo: a module's description of itself, as `key=value` strings. They are read as Linux's get_modinfo() does: one
// or more zeros separate the strings, and the first of several equal keys is used. Values are made printable; their
// number is limited.

import { printable } from "../../bytes/printable.ts";
import { latin1 } from "../../bytes/text.ts";
import { Refusal } from "../../errors.ts";
import { MODINFO_STRINGS } from "../../limits.ts";

export class Modinfo {
  /** In the file's order; strings without "=" are left out. */
  readonly entries: readonly (readonly [key: string, value: string])[];

  constructor(bytes: Uint8Array) {
    this.entries = Array.from(strings(bytes), entryOf).filter((entry) => entry !== undefined);
  }

  /** The first value of a key. */
  get(key: string): string | undefined {
    return this.entries.find(([name]) => name === key)?.[1];
  }

  /** All values of a key (alias, import_ns, parm, … may occur several times). */
  all(key: string): string[] {
    return this.entries.filter(([name]) => name === key).map(([, value]) => value);
  }

  /** Key → values, in the file's order. */
  toRecord(): Record<string, string[]> {
    const record = new Map<string, string[]>();
    for (const [key, value] of this.entries) {
      const values = record.get(key);
      if (values === undefined) record.set(key, [value]);
      else values.push(value);
    }
    return Object.fromEntries(record);
  }
}

/** The strings between zeros, none of them empty. @throws Refusal when there are too many. */
function* strings(bytes: Uint8Array): Generator<string> {
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === 0) {
      at++;
      continue;
    }
    const nul = bytes.indexOf(0, at);
    const end = nul < 0 ? bytes.length : nul;
    if (++count > MODINFO_STRINGS) {
      throw new Refusal({
        errno: "ENOEXEC",
        dmesg: [],
        explanation: `.modinfo has more than ${MODINFO_STRINGS} strings`,
      });
    }
    yield latin1(bytes.subarray(at, end));
    at = end;
  }
}

function entryOf(text: string): readonly [key: string, value: string] | undefined {
  const equals = text.indexOf("=");
  return equals < 0
    ? undefined
    : [printable(text.slice(0, equals)), printable(text.slice(equals + 1))];
}
