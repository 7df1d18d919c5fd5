// The symbols at a machine's addresses: those of the loaded modules, the newest first, then the kernel's. A module's
// table is made once and dropped with the module; a trace that needs it longer keeps its own (trace-names.ts).

import { RETURN_HOOK } from "../../assembly/shared/trace-ring.ts";
import { type Address, ascending, lowWord } from "../address.ts";
import {
  type NamedAddress,
  type SymbolTable,
  symbolAmong,
  symbolTable,
} from "../ftrace/symbol-table.ts";
import { hex } from "../hex.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { RETURN_ADDRESS } from "./calls/call.ts";
import type { KernelSpace } from "./kernel-space.ts";
import type { ModuleTable } from "./module-table.ts";

/** The return addresses of host calls and of functions that function_graph follows, as traces name them. */
const CALLERS = symbolTable(
  null,
  [
    { name: "return_to_handler", address: RETURN_HOOK },
    { name: "host_call", address: RETURN_ADDRESS },
  ]
    .map((one) => ({ ...one, end: one.address + 1, size: 4 }))
    .sort((a, b) => a.address - b.address),
);

export class Names {
  readonly #loaded: Pick<ModuleTable, "modules">;
  readonly #kernel: Pick<KernelSpace, "symbolTables">;
  readonly #tables = new WeakMap<LoadedModule, SymbolTable>();

  constructor(loaded: Pick<ModuleTable, "modules">, kernel: Pick<KernelSpace, "symbolTables">) {
    this.#loaded = loaded;
    this.#kernel = kernel;
  }

  /** All tables; the first that has an address names it. */
  get tables(): SymbolTable[] {
    const modules = this.#loaded.modules.toReversed().map((module) => this.of(module));
    return [CALLERS, ...modules, ...this.#kernel.symbolTables];
  }

  /** A module's table. */
  of(module: LoadedModule): SymbolTable {
    const known = this.#tables.get(module);
    if (known !== undefined) return known;
    const table = moduleSymbols(module);
    this.#tables.set(module, table);
    return table;
  }

  at(address: number): NamedAddress | undefined {
    return symbolAmong(this.tables, address);
  }

  /** As %pS and, without the offset, %ps print it: `name+0xoffset/0xsize [module]`. */
  text(address: number, withOffset: boolean): string {
    const symbol = this.at(address);
    if (symbol === undefined) return hex(address);
    const { name, offset, size } = symbol;
    const module = symbol.module === null ? "" : ` [${symbol.module}]`;
    const where = withOffset ? `+0x${offset.toString(16)}/0x${size.toString(16)}` : "";
    return `${name}${where}${module}`;
  }

  /** `name+0xoffset`, or null when no symbol contains the address. */
  short(address: number): string | null {
    const symbol = this.at(address);
    return symbol === undefined ? null : `${symbol.name}+0x${symbol.offset.toString(16)}`;
  }
}

/**
 * A module's functions and objects, by the low words of their addresses. As in kallsyms, each extends to the next in its
 * section, and of several at one address the first in the symbol table names it: a static init function has its own name,
 * not init_module's.
 */
export function moduleSymbols<A extends Address>({
  name: module,
  symbols,
}: Pick<LoadedModule<A>, "name" | "symbols">): SymbolTable {
  const named = symbols.filter(({ name }) => !name.startsWith("$")).toReversed();
  return symbolTable(
    module,
    named
      .sort((a, b) => ascending(a.address, b.address))
      .map(({ name, address, size, section }) => {
        return {
          name,
          address: lowWord(address),
          size,
          end: lowWord(section.address) + section.size,
        };
      }),
  );
}
