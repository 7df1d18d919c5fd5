// .modinfo: what a module says of itself, as `key=value` strings. Reads them as Linux's get_modinfo()
// does: zeros part the strings, however many, and the first of several equal keys counts.

import { latin1 } from "../../bytes/text.ts";

export class Modinfo {
  /** In the file's order. Strings without "=" are left out. */
  readonly entries: readonly (readonly [key: string, value: string])[];

  constructor(bytes: Uint8Array) {
    this.entries = latin1(bytes)
      .split("\0")
      .flatMap((text) => {
        const equals = text.indexOf("=");
        return equals < 0 ? [] : [[text.slice(0, equals), text.slice(equals + 1)] as const];
      });
  }

  /** The first value of a key. */
  get(key: string): string | undefined {
    return this.entries.find(([name]) => name === key)?.[1];
  }

  /** Every value of a key (alias, import_ns, parm, … may stand several times). */
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
