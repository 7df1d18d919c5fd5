// The kernel that modules are judged against, together with the modules that it has: what exports a name, the version
// magic, and the layout of struct module. Built from values alone; open.ts reads the files.

import type { Address } from "../address.ts";
import { Misuse } from "../errors.ts";
import { mostFrequent } from "../extremes.ts";
import { type AnyKernel, narrowed } from "../kernel/kernel.ts";
import { releaseOf } from "../kernel/rules/release.ts";
import { isSameMagic } from "../module/checks/checks.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import type { StructModule } from "../module/file/this-module.ts";
import type { ExportOwner } from "../module/host.ts";
import { dependencyNames } from "../sweep/dependencies.ts";
import type { ModuleFacts } from "./module-facts.ts";

export interface TargetExport {
  readonly name: string;
  /** null when the source has no addresses, and for a module's export. */
  readonly address: Address | null;
  readonly crc: number | null;
  readonly gpl: boolean;
  readonly namespace: string | null;
  /** null for the kernel itself. */
  readonly owner: ExportOwner | null;
}

export interface TargetParts {
  /** The kernel's name in messages: its file. */
  readonly name: string;
  readonly kernel: AnyKernel;
  /** The modules of the kernel's own tree. */
  readonly own: readonly ModuleFacts[];
  /** Other modules that would be loaded too: those that the user names, and dependencies. */
  readonly others: readonly ModuleFacts[];
}

/** The layout of struct module in a kernel's modules: what most of them have, each member by itself. */
export interface KnownShape extends StructModule {
  /** Who shows it: "usbcore shows it", or how many of how many modules. */
  readonly from: string;
}

export class Target {
  readonly name: string;
  readonly kernel: AnyKernel;
  /** null if neither the kernel nor its modules say it. */
  readonly vermagic: string | null;
  /** The modules that count: those that the kernel would take, by their version magic. */
  readonly #modules: readonly ModuleFacts[];
  /** The others. */
  readonly #strangers: readonly ModuleFacts[];
  /** Exports of modules; the first module that exports a name counts. */
  readonly #exports = new Map<string, TargetExport>();
  /** Modules with the kernel's own version magic and a struct module. */
  readonly #shown: readonly ShownShape[];
  /** What shapeFor() has found. */
  readonly #known = new Map<string, KnownShape | null>();

  /** @throws Misuse when the kernel's own modules are of two releases and the kernel doesn't say which is its own. */
  constructor({ name, kernel, own, others }: TargetParts) {
    this.name = name;
    this.kernel = narrowed(kernel) ?? kernel;
    this.vermagic = kernel.vermagic ?? commonVermagic(name, own);
    const { vermagic } = this;
    const taken = (one: ModuleFacts): boolean =>
      vermagic === null ||
      one.vermagic === null ||
      isSameMagic(one.vermagic, vermagic, one.hasVersions);
    const modules = [...own, ...others];
    this.#modules = modules.filter(taken);
    this.#strangers = modules.filter((one) => !taken(one));
    for (const one of kernel.moduleExports.values()) {
      const owner = { name: moduleName(one.module), proprietary: false };
      const { crc, gplOnly: gpl, namespace } = one;
      this.#exports.set(one.name, { name: one.name, address: null, crc, gpl, namespace, owner });
    }
    for (const { name: module, proprietary, exports } of this.#modules) {
      const owner = { name: module, proprietary };
      for (const one of exports) {
        if (!this.#exports.has(one.name))
          this.#exports.set(one.name, { ...one, address: null, owner });
      }
    }
    this.#shown = this.#modules.flatMap(({ name, shape, vermagic: own }) =>
      shape === null || vermagic === null || own !== vermagic ? [] : [{ name, shape }],
    );
  }

  /** The kernel's release, or null. */
  get release(): string | null {
    return this.kernel.release ?? releaseOf(this.vermagic);
  }

  /** What can't be compared because the kernel's file doesn't say it, in sentences. */
  get notes(): string[] {
    const notes: string[] = [];
    if (this.vermagic === null) {
      notes.push(
        `${this.name} doesn't say its version magic, so that isn't compared: give the kernel's vmlinuz, or its ` +
          "modules with --modules DIR",
      );
    }
    if (!this.kernel.exportsKnown) {
      notes.push(
        `${this.name} doesn't say what it exports, so every global symbol counts as exported, without checksum, ` +
          "namespace and GPL rule: give its Module.symvers with --symvers",
      );
    }
    return [...notes, ...this.#oddNotes()];
  }

  /** Why nothing exports a name that a module imports, and what to do about it. */
  whyMissing(name: string, user: ModuleFile): { explanation: string; remedy: string } {
    const other = this.#strangers.find(({ exports }) => exports.some((one) => one.name === name));
    if (other !== undefined) {
      return {
        explanation: `${other.name} exports ${name}, but is a module for ${releaseOf(other.vermagic)}`,
        remedy: `load this kernel's own ${other.name} first`,
      };
    }
    const known = new Set(this.#modules.map((one) => one.name));
    const absent = dependencyNames(user).filter((one) => !known.has(moduleName(one)));
    const explanation = this.kernel.whyMissing(name);
    if (absent.length > 0) {
      const list = absent.join(", ");
      return {
        explanation: `${explanation}; the module depends on ${list}, and no such file was found`,
        remedy: `give the directory of this kernel's modules with --modules DIR, or ${list} as well`,
      };
    }
    return {
      explanation,
      remedy:
        "find the option of the kernel's configuration that brings the missing symbols, or the module that exports " +
        "them (--modules DIR); or change the module to do without them",
    };
  }

  /** What exports a name, other than the module `user` itself. */
  findExport(name: string, user: string): TargetExport | undefined {
    const own = this.kernel.exports.get(name);
    if (own !== undefined) {
      const { address, crc, gplOnly: gpl, namespace } = own;
      return { name, address, crc, gpl, namespace, owner: null };
    }
    const found = this.#exports.get(name);
    return found?.owner?.name === moduleName(user) ? undefined : found;
  }

  /** The layout that struct module has in most of the kernel's other modules; null if none is known. */
  shapeFor(user: string): KnownShape | null {
    // Without modules of one layout the others show the same, whichever of these it is.
    const own = this.#shown.filter(({ name }) => name === moduleName(user));
    const key = JSON.stringify(own.map(({ shape }) => shape));
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = shapeIn(this.#shown.filter((one) => !own.includes(one)));
    this.#known.set(key, found);
    return found;
  }

  /** A sentence that names the modules whose struct module has another size than that of most of them. */
  #oddNotes(): string[] {
    const size = mostFrequent(this.#shown.map(({ shape }) => shape.size));
    const odd = this.#shown.filter(({ shape }) => shape.size !== size);
    if (odd.length === 0) return [];
    const names = odd.slice(0, MOST_NAMED).map((one) => `${one.name} (${one.shape.size})`);
    const more = odd.length > MOST_NAMED ? ` and ${odd.length - MOST_NAMED} more` : "";
    return [
      `struct module has ${size} bytes in ${this.#shown.length - odd.length} of ${this.#shown.length} modules, ` +
        `and another size in ${names.join(", ")}${more}`,
    ];
  }
}

/** What most of some modules have; null if there are none. */
function shapeIn(shown: readonly ShownShape[]): KnownShape | null {
  const size = mostFrequent(shown.map(({ shape }) => shape.size));
  if (size === null) return null;
  const same = shown.filter(({ shape }) => shape.size === size);
  const member = (key: "init" | "exit"): number | null =>
    mostFrequent(same.flatMap(({ shape }) => shape[key] ?? []));
  const from =
    shown.length === 1
      ? `${shown[0]?.name} shows it`
      : `${same.length} of ${shown.length} modules show it`;
  return { size, init: member("init"), exit: member("exit"), from };
}

interface ShownShape {
  readonly name: string;
  readonly shape: StructModule;
}

/** The odd modules that a note names. */
const MOST_NAMED = 10;

/** The version magic that a kernel's modules have; null if there are none. */
function commonVermagic(kernel: string, modules: readonly ModuleFacts[]): string | null {
  const found = [...new Set(modules.map(({ vermagic }) => vermagic).filter((one) => one !== null))];
  const releases = [...new Set(found.map(releaseOf))];
  if (releases.length > 1) {
    throw new Misuse(
      `the modules are of two releases, ${releases[0]} and ${releases[1]}, and ${kernel} doesn't say which is its ` +
        "own: give the directory of one release, or the kernel's vmlinuz",
    );
  }
  return found[0] ?? null;
}
