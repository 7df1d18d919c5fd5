// Kernels for the tests of verdicts: the values that reading a file would give, with exports as a test needs them.

import { SHN_UNDEF } from "../../src/elf/numbers.ts";
import { Kernel, type KernelExport, type KernelFacts } from "../../src/kernel/kernel.ts";
import type { ModuleFile } from "../../src/module/file/file.ts";
import { VERMAGIC } from "../support/module-writer.ts";

/** Checksums of Debian's 6.1.0-50-4kc-malta. */
const CHECKSUMS: Readonly<Record<string, number>> = {
  module_layout: 0x2154240b,
  _printk: 0x92997ed8,
  _mcount: 0x9514151a,
};
const IN_KERNEL = 0x801156a0;

export function exported(name: string, more: Partial<KernelExport> = {}): KernelExport {
  const crc = CHECKSUMS[name] ?? null;
  return { name, address: IN_KERNEL, crc, gplOnly: false, namespace: null, ...more };
}

export function kernelWith(
  exports: readonly KernelExport[],
  facts: Partial<KernelFacts> = {},
): Kernel {
  return new Kernel({
    source: "vmlinuz",
    bits: 32,
    endian: "little",
    symbols: [],
    exports: new Map(exports.map((one) => [one.name, one])),
    exportsKnown: true,
    moduleExports: new Map(),
    hasData: true,
    image: null,
    release: VERMAGIC.split(" ")[0] ?? "",
    vermagic: VERMAGIC,
    ...facts,
  });
}

/** A kernel that exports module_layout and each import of a module that the test keeps, as Debian's does. */
export function debianLike({ elf }: ModuleFile, keep: (name: string) => boolean): Kernel {
  const imports = elf.symbols.filter(({ name, section }) => name !== "" && section === SHN_UNDEF);
  const names = new Set(["module_layout", ...imports.map(({ name }) => name).filter(keep)]);
  return kernelWith([...names].map((name) => exported(name)));
}
