// Reads Module.symvers: the exports of a kernel's build with their CRCs and namespaces, without addresses. A line is
// `0xCRC\tNAME\tMODULE\tEXPORT_SYMBOL[_GPL]\tNAMESPACE` (scripts/mod/modpost.c). Linux 5.4 to 5.6 put the namespace
// before the module; older releases have none.

import type { Address } from "../address.ts";
import { printableName } from "../bytes/printable.ts";
import { latin1 } from "../bytes/text.ts";
import { linesOf } from "../bytes/text-lines.ts";
import { Misuse } from "../errors.ts";
import { KERNEL_SYMBOLS } from "../limits.ts";
import { Kernel, type KernelExport, type ModuleExport } from "./kernel.ts";

const TOO_MANY = `it has more than ${KERNEL_SYMBOLS} exports, and no kernel has`;
const START = /^0x[0-9a-f]{8}\t[^\t]+\t/;

/** Whether the bytes begin with such a line. */
export function isSymvers(bytes: Uint8Array): boolean {
  return START.test(latin1(bytes.subarray(0, 1024)));
}

/**
 * Reads a Module.symvers.
 * @throws Misuse when a line has another form.
 */
export function readSymvers(bytes: Uint8Array): Kernel {
  const entries: ModuleExport[] = [];
  let index = -1;
  for (const line of linesOf(bytes)) {
    index += 1;
    if (line === "") continue;
    if (entries.length === KERNEL_SYMBOLS) throw new Misuse(TOO_MANY);
    const entry = readLine(line);
    if (entry === null)
      throw new Misuse(
        `line ${index + 1} isn't "CRC name module export": the file is damaged or cut off`,
      );
    entries.push(entry);
  }
  const exports = new Map<string, KernelExport>();
  const moduleExports = new Map<string, ModuleExport>();
  // modpost writes 0 for a missing CRC; without CONFIG_MODVERSIONS all are 0.
  const versioned = entries.some(({ crc }) => crc !== 0);
  for (const entry of entries) {
    const { module, ...exported } = versioned ? entry : { ...entry, crc: null };
    if (module === "vmlinux") exports.set(exported.name, exported);
    else moduleExports.set(exported.name, { ...exported, module });
  }
  return new Kernel({
    source: "Module.symvers",
    bits: null,
    endian: null,
    symbols: [],
    exports,
    exportsKnown: true,
    moduleExports,
    hasData: true,
    image: null,
    release: null,
    vermagic: null,
  });
}

/**
 * Combines a kernel with the Module.symvers of its build: the exports, CRCs and namespaces come from Module.symvers,
 * the addresses from the kernel's symbols. An export that isn't among the symbols has no address, for example data that
 * kallsyms leaves out.
 * @throws Misuse when the two are of different kernels.
 */
export function withSymvers<A extends Address>(kernel: Kernel<A>, symvers: Kernel): Kernel<A> {
  const exports = new Map<string, KernelExport<A>>();
  let found = 0;
  for (const exported of symvers.exports.values()) {
    const address = kernel.addressOf(exported.name) ?? null;
    if (address !== null) found += 1;
    exports.set(exported.name, { ...exported, address });
  }
  if (found === 0) {
    throw new Misuse("not one of its exports is a symbol of the kernel: it is of another one");
  }
  const { moduleExports } = symvers;
  return new Kernel({ ...kernel, exports, exportsKnown: true, moduleExports });
}

function readLine(line: string): ModuleExport | null {
  const columns = line.split("\t");
  const kind = columns.findIndex((column) => column.startsWith("EXPORT_"));
  const [crc, name, third] = columns;
  const module = columns[kind - 1];
  if (
    !START.test(line) ||
    crc === undefined ||
    name === undefined ||
    kind < 3 ||
    module === undefined
  )
    return null;
  const namespace = kind === 4 ? third : columns[kind + 1];
  return {
    name: printableName(name),
    module: printableName(module),
    address: null,
    crc: Number.parseInt(crc, 16),
    gplOnly: (columns[kind] as string).includes("_GPL"),
    namespace: namespace || null,
  };
}
