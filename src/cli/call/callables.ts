// The functions of a module that --call can name, for `run` without a call: with their prototypes from the debugging
// information, or else with their sizes.

import { hex } from "../../hex.ts";
import type { LoadedModule } from "../../index.ts";
import { debugTypesOf, prototypeOf, prototypeText } from "./prototypes.ts";

/** A function, among the types of ELF symbols. */
const STT_FUNC = 2;

export interface Callable {
  readonly name: string;
  readonly address: number;
  /** Bytes of code. */
  readonly size: number;
  readonly exported: boolean;
  readonly prototype: string | null;
}

/** The module's functions, by name. */
export function callablesOf(module: LoadedModule): Callable[] {
  const types = debugTypesOf(module.file);
  const exported = new Set(module.exports.map(({ name }) => name));
  return module.symbols
    .filter(({ type }) => type === STT_FUNC)
    .map(({ name, address, size }) => {
      const prototype = prototypeOf(types, name);
      return {
        name,
        address,
        size,
        exported: exported.has(name),
        prototype: prototype === null ? null : prototypeText(prototype),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A callable as --json shows it. */
export function callableJson({ address, ...one }: Callable): Readonly<Record<string, unknown>> {
  return { ...one, address: hex(address) };
}
