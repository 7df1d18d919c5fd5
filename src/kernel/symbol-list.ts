// Reads System.map and /proc/kallsyms. Each line is a symbol, `c0008000 T name`; nm -n and the kernel print the same
// form. /proc/kallsyms adds `\t[module]` to the symbols of loaded modules, which are left out because farjal loads its
// modules elsewhere. Neither file says which symbols are exported, except a System.map of a kernel before 6.2, in which
// the entries of the export table are symbols.

import { type Address, ascending } from "../address.ts";
import { printableName } from "../bytes/printable.ts";
import { latin1 } from "../bytes/text.ts";
import { linesOf } from "../bytes/text-lines.ts";
import { Misuse } from "../errors.ts";
import { KERNEL_SYMBOLS } from "../limits.ts";
import { type AnyKernel, Kernel, type KernelExport, type KernelSymbol } from "./kernel.ts";

/** nm and the kernel print '?' for a symbol whose type has no letter, nm '-' for a symbol of a debugging format. */
const LINE = /^([0-9a-f]+) ([A-Za-z?-]) (\S+)(?:[ \t]+\[(\S+)\])?$/;
/** Digits of a 32-bit address. */
const NARROW_DIGITS = 8;
/** An address of a 32-bit kernel as nm prints it with its sign extended. */
const MIXED = /^(?:ffffffff[89a-f]|[0-7])[0-9a-f]{7} /;
const KSYMTAB = "__ksymtab_";

/** Whether the bytes begin with such a line. */
export function isSymbolList(bytes: Uint8Array): boolean {
  return /^[0-9a-f]{8,16} [A-Za-z?-] \S/.test(latin1(bytes.subarray(0, 32)));
}

/**
 * Reads a System.map or a dump of /proc/kallsyms.
 * @throws Misuse when a line has another form, or the addresses are hidden or of two widths.
 */
export function readSymbolList(bytes: Uint8Array): AnyKernel {
  if (latin1(bytes.subarray(0, 128)).includes("The real System.map")) {
    throw new Misuse(
      "this System.map is a placeholder: give the vmlinuz beside it, which has the symbols",
    );
  }
  const lines: string[] = [];
  for (const line of linesOf(bytes)) {
    if (lines.length === KERNEL_SYMBOLS) {
      throw new Misuse(`it has more than ${KERNEL_SYMBOLS} symbols, and no kernel has`);
    }
    lines.push(line);
  }
  const isWide = (line: string): boolean => line.indexOf(" ") > NARROW_DIGITS;
  const wide = lines.filter(isWide).length;
  // binutils' nm sign-extends ELF32 addresses on MIPS, and prints those that fit into 8 digits in 8.
  const mixed = wide > 0 && wide < lines.length && lines.every((line) => MIXED.test(line));
  if (mixed) return kernelOf(lines, 32, (digits) => Number.parseInt(digits.slice(-8), 16), 16);
  return isWide(lines[0] ?? "")
    ? kernelOf(lines, 64, (digits) => BigInt(`0x${digits}`))
    : kernelOf(lines, 32, (digits) => Number.parseInt(digits, 16));
}

/** @param mostDigits the most digits of an address. */
function kernelOf<A extends Address>(
  lines: readonly string[],
  bits: 32 | 64,
  parse: (digits: string) => A,
  mostDigits = bits / 4,
): Kernel<A> {
  const symbols: KernelSymbol<A>[] = [];
  let hasModules = false;
  for (const [index, line] of lines.entries()) {
    const [, address, type, name, module] = LINE.exec(line) ?? [];
    if (address === undefined || type === undefined || name === undefined) {
      throw new Misuse(
        `line ${index + 1} isn't "address type name": the file is damaged or cut off`,
      );
    }
    if (address.length > mostDigits) {
      throw new Misuse(`line ${index + 1} has an address of 64 bits, the first one of 32`);
    }
    if (module !== undefined) hasModules = true;
    else symbols.push({ name: printableName(name), address: parse(address), type });
  }
  if (symbols.every(({ address }) => Number(address) === 0)) {
    throw new Misuse(
      "every address is 0: the kernel hides them (kptr_restrict); copy /proc/kallsyms as root",
    );
  }
  symbols.sort((a, b) => ascending(a.address, b.address));
  const hasData = symbols.some(({ type }) => /[Bb]/.test(type));
  const known = exportTableOf(symbols);
  return new Kernel({
    source: hasModules || !hasData ? "kallsyms" : "System.map",
    bits,
    endian: null,
    symbols,
    exports: known ?? globalsOf(symbols),
    exportsKnown: known !== null,
    moduleExports: new Map(),
    hasData,
    image: null,
    release: null,
    vermagic: null,
  });
}

/** The exports that a System.map names by the symbols of the table's entries; null when it has no such symbols. */
function exportTableOf<A extends Address>(
  symbols: readonly KernelSymbol<A>[],
): Map<string, KernelExport<A>> | null {
  const entries = symbols.filter(({ name }) => name.startsWith(KSYMTAB));
  if (entries.length === 0) return null;
  const byName = new Map(symbols.map((symbol) => [symbol.name, symbol]));
  const exports = new Map<string, KernelExport<A>>();
  for (const { name: entry } of entries) {
    const symbol = byName.get(entry.slice(KSYMTAB.length));
    if (symbol !== undefined) exports.set(symbol.name, unversioned(symbol));
  }
  return exports;
}

/** Every global symbol: the best guess when there is no export table. */
export function globalsOf<A extends Address>(
  symbols: readonly KernelSymbol<A>[],
): Map<string, KernelExport<A>> {
  const exports = new Map<string, KernelExport<A>>();
  for (const symbol of symbols) {
    if (/[A-Z]/.test(symbol.type) && !exports.has(symbol.name))
      exports.set(symbol.name, unversioned(symbol));
  }
  return exports;
}

function unversioned<A extends Address>({ name, address }: KernelSymbol<A>): KernelExport<A> {
  return { name, address, crc: null, gplOnly: false, namespace: null };
}
