// Gives every symbol of a module its place: simplify_symbols() of Linux 6.1. It walks the whole table, so the kernel
// names every unknown symbol, and the last error is the result. Places in the module's own blocks stay relative, since
// the planner may still move the blocks.

import { type Address, plus } from "../../address.ts";
import {
  SHN_ABS,
  SHN_COMMON,
  SHN_LIVEPATCH,
  SHN_UNDEF,
  SHN_XINDEX,
  STB_WEAK,
} from "../../elf/numbers.ts";
import type { ElfSymbol } from "../../elf/object.ts";
import type { Errno } from "../../errors.ts";
import type { Place } from "../../trampoline/facts.ts";
import type { Export } from "../host.ts";
import type { ModuleLayout } from "../layout/layout.ts";
import type { Loading } from "../loading.ts";
import { Imports } from "./imports.ts";

/** The symbol from which position-independent code computes its global pointer. */
const GP_DISP = "_gp_disp";
const ERRNO = { ENOENT: 2, EINVAL: 22 } as const;

export interface ResolvedSymbols<A extends Address> {
  /** By symbol index. */
  readonly places: readonly Place<A>[];
  /** The exports that the module imports, by name. */
  readonly imports: ReadonlyMap<string, Export<A>>;
  /** Whether symbols of a proprietary module made this module proprietary. */
  readonly inheritsTaint: boolean;
}

/**
 * @param perCpu the address that .data..percpu's symbols are relative to; 0 if the module has no such area.
 * @throws Refusal (ENOENT, EINVAL or ENOEXEC, whichever was last) with a line for each symbol.
 */
export function resolveSymbols<A extends Address>(
  loading: Loading<A>,
  layout: ModuleLayout,
  perCpu: A,
): ResolvedSymbols<A> {
  const resolver = new Resolver(loading, layout, perCpu);
  const places = loading.file.elf.symbols.map((symbol) =>
    symbol.index === 0 ? { address: loading.host.width.zero } : resolver.place(symbol),
  );
  resolver.finish();
  return { places, imports: resolver.imports, inheritsTaint: resolver.inheritsTaint };
}

/** The kernel's line for an import that it doesn't bind. */
export function printUnknownSymbol<A extends Address>(
  loading: Loading<A>,
  name: string,
  errno: keyof typeof ERRNO,
): void {
  loading.print(`Unknown symbol ${name} (err -${ERRNO[errno]})`);
}

class Resolver<A extends Address> {
  readonly imports = new Map<string, Export<A>>();
  readonly #loading: Loading<A>;
  readonly #layout: ModuleLayout;
  readonly #perCpu: A;
  readonly #resolution: Imports<A>;
  readonly #faults: string[] = [];
  readonly #missing: string[] = [];
  #errno: Errno | undefined;

  constructor(loading: Loading<A>, layout: ModuleLayout, perCpu: A) {
    this.#loading = loading;
    this.#layout = layout;
    this.#perCpu = perCpu;
    this.#resolution = new Imports(loading);
  }

  get inheritsTaint(): boolean {
    return this.#resolution.inheritsTaint;
  }

  place(symbol: ElfSymbol): Place<A> {
    const { name, section: index } = symbol;
    switch (index) {
      case SHN_UNDEF:
        return this.#import(symbol);
      case SHN_ABS:
      case SHN_LIVEPATCH:
        return this.#asItStands(symbol);
      case SHN_COMMON:
        if (!name.startsWith("__gnu_lto")) {
          this.#loading.print("please compile with -fno-common");
          this.#fault("ENOEXEC", `${name} is a common symbol, which no section holds`);
        }
        return this.#asItStands(symbol);
      default:
        return this.#local(symbol);
    }
  }

  #asItStands({ address }: ElfSymbol): Place<A> {
    return { address: this.#loading.host.width.of(address) };
  }

  #import(symbol: ElfSymbol): Place<A> {
    const { name, binding } = symbol;
    const found = this.#resolution.resolve(name);
    if (found !== undefined && found !== "EINVAL") {
      this.imports.set(name, found);
      return { address: found.address };
    }
    if (found === undefined && binding === STB_WEAK) return this.#asItStands(symbol);
    const errno = found ?? "ENOENT";
    printUnknownSymbol(this.#loading, name, errno);
    this.#errno = errno;
    if (errno === "ENOENT") this.#missing.push(name);
    else this.#faults.push(`${name} is exported, but not to a module built like this one`);
    return this.#asItStands(symbol);
  }

  #local(symbol: ElfSymbol): Place<A> {
    const { name, value, section: index } = symbol;
    const { sections } = this.#loading.file.elf;
    if (index >= sections.length) {
      const last = sections.length - 1;
      this.#loading.dmesg.push(
        `${this.#loading.file.name}: Symbol ${name} has an invalid section index ${index} (max ${last})`,
      );
      this.#fault(
        "ENOEXEC",
        index === SHN_XINDEX
          ? `${name} names its section in a table of its own (SHN_XINDEX), as in files of more than 65,279 sections; ` +
              "Linux doesn't read it: link the object with ld -r and a linker script that joins the sections"
          : `${name} names a section that the file doesn't have`,
      );
      return this.#asItStands(symbol);
    }
    const placed = this.#layout.sections.get(index);
    if (placed !== undefined) return { block: placed.block, offset: placed.offset + value };
    const base =
      index === this.#layout.perCpu?.index ? this.#perCpu : this.#loading.host.width.zero;
    // A symbol of a section that isn't loaded keeps its offset; Linux points it into memory that it then frees.
    return { address: plus(base, value) };
  }

  #fault(errno: Errno, explanation: string): void {
    this.#errno = errno;
    this.#faults.push(explanation);
  }

  /** Throws if any symbol failed. */
  finish(): void {
    if (this.#errno === undefined) return;
    const problems = this.#faults;
    if (this.#missing.includes(GP_DISP)) {
      problems.push(
        `${GP_DISP} is the linker's, for position-independent code: build the module with -fno-pic -mno-abicalls`,
      );
    }
    if (this.#missing.length > 0) {
      problems.push(this.#loading.host.whyMissing(this.#missing));
      const depends = this.#loading.file.modinfo.get("depends");
      if (depends) problems.push(`the module depends on ${depends}: load that first`);
    }
    throw this.#loading.refusal(this.#errno, problems.join("; "));
  }
}
