// Resolves a module's imports: resolve_symbol() of Linux with check_version(), the GPL rule, the namespaces and the
// taint that proprietary modules pass on. For each name it returns the export, undefined, or EINVAL; symbols.ts walks
// the symbol table and prints the final message.

import type { Address } from "../../address.ts";
import { isProprietary } from "../checks/license.ts";
import type { Export } from "../host.ts";
import type { Loading } from "../loading.ts";

/** `undefined`: it is not exported (to this module). `EINVAL`: it is exported, but a check failed. */
export type Resolution<A extends Address> = Export<A> | "EINVAL" | undefined;

/** check_version(): whether the checksum of an import equals the one in the module. */
export function checkVersion<A extends Address>(
  loading: Loading<A>,
  { name, crc }: Pick<Export<A>, "name" | "crc">,
): boolean {
  if (crc === null) return true;
  const { versions, extendedVersions } = loading.file;
  if (extendedVersions !== null) {
    const expected = extendedVersions.get(name);
    if (expected !== undefined) return isSameVersion(loading, name, expected, crc);
    loading.printEarlyOnce("no extended symbol version", `no extended symbol version for ${name}`);
    return true;
  }
  if (versions === null) {
    loading.force(name);
    return true;
  }
  const expected = versions.get(name);
  if (expected === undefined) {
    const line = `no symbol version for ${name}`;
    if (loading.rules.V20 === "accept") {
      loading.printEarlyOnce("no symbol version", line);
      return true;
    }
    loading.printEarly(line);
    return false;
  }
  return isSameVersion(loading, name, expected, crc);
}

function isSameVersion<A extends Address>(
  loading: Loading<A>,
  name: string,
  expected: number,
  crc: number,
): boolean {
  if (expected === crc) return true;
  loading.printEarly(`disagrees about version of symbol ${name}`);
  return false;
}

const MODULES = "module:";

/** Whether a namespace names the modules that may use it. */
export function isForModules(namespace: string): boolean {
  return namespace.startsWith(MODULES);
}

/** verify_module_namespace(): whether `module:a,b*` has a module's name; a star ends a name that may go on. */
function isForModule(namespace: string, name: string): boolean {
  if (!isForModules(namespace)) return false;
  const globs = namespace.slice(MODULES.length).split(",");
  return globs.some((glob) =>
    glob.endsWith("*") ? name.startsWith(glob.slice(0, -1)) : glob === name,
  );
}

/** Resolves the undefined symbols of one module. */
export class Imports<A extends Address> {
  readonly #loading: Loading<A>;
  readonly #proprietary: boolean;
  readonly #namespaces: ReadonlySet<string>;
  #usesGplOnly = false;
  #inheritsTaint = false;

  constructor(loading: Loading<A>) {
    this.#loading = loading;
    this.#proprietary = isProprietary(loading.file);
    this.#namespaces = new Set(loading.file.modinfo.all("import_ns"));
  }

  /** Whether symbols of a proprietary module made this module proprietary too. */
  get inheritsTaint(): boolean {
    return this.#inheritsTaint;
  }

  resolve(name: string): Resolution<A> {
    const found = this.#loading.host.findExport(name);
    if (found === undefined || this.#loading.file.object) return found;
    if (this.hides(found) || !this.mayUseOwner(found)) return undefined;
    if (!checkVersion(this.#loading, found)) return "EINVAL";
    return this.importsNamespace(found) ? found : "EINVAL";
  }

  /** find_symbol(): whether an export is GPL-only and the module may not see it. */
  hides({ gpl }: Export<A>): boolean {
    if (gpl && (this.#proprietary || this.#inheritsTaint)) return true;
    if (gpl) this.#usesGplOnly = true;
    return false;
  }

  /** inherit_taint(). */
  mayUseOwner({ name, owner }: Export<A>): boolean {
    if (owner === null || !owner.proprietary) return true;
    const { V32 } = this.#loading.rules;
    const symbols = V32 === "symbol" ? `symbols ${name}` : "symbols";
    if (this.#usesGplOnly) {
      this.#loading.print(
        `module using GPL-only symbols uses ${symbols} from proprietary module ${owner.name}.`,
      );
      return false;
    }
    if (!this.#proprietary && !this.#inheritsTaint) {
      this.#loading.print(
        `module uses ${symbols} from proprietary module ${owner.name}, inheriting taint.`,
      );
      this.#inheritsTaint = true;
    }
    return true;
  }

  /** verify_namespace_is_imported(). */
  importsNamespace({ name, namespace }: Export<A>): boolean {
    if (namespace === null || namespace === "" || this.#namespaces.has(namespace)) return true;
    const { rules, file } = this.#loading;
    if (rules.V31 === "modules" && isForModule(namespace, file.name)) return true;
    this.#loading.print(
      `module uses symbol (${name}) from namespace ${namespace}, but does not import it.`,
    );
    return false;
  }
}
