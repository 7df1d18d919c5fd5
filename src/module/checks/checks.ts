// The checks that Linux makes before a module gets memory, and the taints that they set: check_modstruct_version(),
// check_modinfo() and the license checks of kernel/module/. A plain object has no modinfo and isn't checked.

import type { Address } from "../../address.ts";
import type { Endian } from "../../bytes/endian.ts";
import type { Loading } from "../loading.ts";
import { checkVersion, isForModules } from "../symbols/imports.ts";
import { isProprietary, licenseOf } from "./license.ts";

const MODULE_LAYOUT = "module_layout";

/**
 * The checks up to layout, in Linux's order.
 * @throws Refusal (ENOEXEC): the byte order, module_layout's checksum or the version magic doesn't fit.
 */
export function checkBeforeLayout<A extends Address>(loading: Loading<A>): void {
  checkByteOrder(loading);
  checkClass(loading);
  if (loading.file.object) return;
  checkStructModule(loading);
  checkModuleLayout(loading);
  checkVermagic(loading);
  if (loading.rules.V21 === "early") taintByModinfo(loading);
  else refuseLivepatch(loading);
}

/** A kernel reads the header in its own byte order, so the first field that it compares is already wrong. */
export function checkByteOrder<A extends Address>(loading: Loading<A>): void {
  const { elf } = loading.file;
  const { endian } = loading.host;
  if (elf.endian === endian) return;
  const swapped = ((elf.type & 0xff) << 8) | (elf.type >>> 8);
  loading.dmesg.push(`Invalid ELF header type: ${swapped} != 1`);
  const name = (order: Endian): string => `${order}-endian`;
  throw loading.refusal(
    "ENOEXEC",
    `the module is ${name(elf.endian)} and the machine is ${name(endian)}; a ${name(endian)} kernel reads ` +
      `e_type as ${swapped}`,
  );
}

/** elf_check_arch() of the machine's kernel; the reader of the file has checked the rest of it. */
export function checkClass<A extends Address>(loading: Loading<A>): void {
  const { elf } = loading.file;
  const { bits } = loading.host.width;
  if (elf.class === bits) return;
  loading.dmesg.push(`Invalid architecture in ELF header: ${elf.machine}`);
  throw loading.refusal(
    "ENOEXEC",
    `the module is ELF${elf.class}, for a ${elf.class}-bit kernel, and the machine has ${bits} bits`,
  );
}

/** Compares the size of struct module with the kernel's, which all modules of one kernel have. */
export function checkStructModule<A extends Address>(loading: Loading<A>): void {
  const { modinfo, thisModule } = loading.file;
  const { structModuleSize } = loading.host;
  const size = thisModule?.shape.size;
  if (loading.rules.V15 === "ignore" || structModuleSize === null || size === structModuleSize)
    return;
  const name = modinfo.get("name") ?? loading.file.name;
  loading.dmesg.push(
    `module ${name}: .gnu.linkonce.this_module section size must match the kernel's built struct module size at run time`,
  );
  throw loading.refusal(
    "ENOEXEC",
    `its struct module has ${size} bytes, and in this kernel it has ${structModuleSize}: ` +
      "it is built for another kernel, or for another configuration of it",
  );
}

export function checkModuleLayout<A extends Address>(loading: Loading<A>): void {
  const layout = loading.host.findExport(MODULE_LAYOUT);
  if (layout === undefined || checkVersion(loading, layout)) return;
  throw loading.refusal(
    "ENOEXEC",
    "the module was built for a kernel whose struct module is another; build it against this kernel's headers",
  );
}

export function checkVermagic<A extends Address>(loading: Loading<A>): void {
  const expected = loading.host.vermagic;
  if (expected === null || loading.rules.O2 === "ignore") return;
  const { modinfo, versions } = loading.file;
  const found = modinfo.get("vermagic");
  if (found === undefined) {
    loading.force("bad vermagic");
    return;
  }
  if (isSameMagic(found, expected, versions !== null)) return;
  loading.printEarly(`version magic '${found}' should be '${expected}'`);
  throw loading.refusal(
    "ENOEXEC",
    "the module was built for another kernel, or for another configuration of it",
  );
}

/** MIPS has no livepatching. */
export function refuseLivepatch<A extends Address>(loading: Loading<A>): void {
  if (loading.file.modinfo.get("livepatch") === undefined) return;
  loading.print("module is marked as livepatch module, but livepatch support is disabled");
  throw loading.refusal("ENOEXEC", "no MIPS kernel takes livepatches");
}

/** same_magic(). @param hasVersions whether the module has checksums, __versions. */
export function isSameMagic(found: string, expected: string, hasVersions: boolean): boolean {
  const compared = (magic: string): string =>
    comparesRelease(expected, hasVersions) ? magic : magic.replace(/^[^ ]*/, "");
  return compared(found) === compared(expected);
}

/** Whether the release counts. With modversions it doesn't: the comparison starts at the first space. */
export function comparesRelease(expected: string, hasVersions: boolean): boolean {
  return !hasVersions || !expected.includes(" modversions ");
}

function taintByModinfo<A extends Address>(loading: Loading<A>): void {
  const { modinfo } = loading.file;
  if (modinfo.get("intree") === undefined) {
    loading.taint("OOT_MODULE", "loading out-of-tree module taints kernel.");
  }
  if (modinfo.get("staging") !== undefined) {
    loading.host.taint("CRAP");
    loading.print(
      "module is from the staging directory, the quality is unknown, you have been warned.",
    );
  }
  if (loading.rules.V21 === "early") refuseLivepatch(loading);
  if (isProprietary(loading.file)) {
    loading.taintLocks(
      "PROPRIETARY_MODULE",
      `module license '${licenseOf(loading.file)}' taints kernel.`,
    );
  }
  if (modinfo.get("test") !== undefined && loading.rules.F15 === "taint")
    loading.taint("TEST", "loading test module taints kernel.");
}

/** A kernel whose version magic is known is assumed to check signatures, as Debian's does. */
function taintBySignature<A extends Address>(loading: Loading<A>): void {
  const { file, host, rules } = loading;
  if (host.vermagic === null || rules.S1 === "ignore" || file.signature?.supported === true) return;
  loading.taint(
    "UNSIGNED_MODULE",
    "module verification failed: signature and/or required key missing - tainting kernel",
  );
}

/**
 * Linux's checks between the version magic and resolving symbols: the name, the taints of a kernel that sets them now,
 * the signature, and exports without checksums.
 * @throws Refusal (EEXIST) if a module of this name is loaded.
 */
export function checkBeforeSymbols<A extends Address>(loading: Loading<A>): void {
  const { file, host } = loading;
  if (host.isLoaded(file.name)) {
    throw loading.refusal(
      "EEXIST",
      `a module named ${file.name} is loaded already; unload it first`,
    );
  }
  if (file.object) return;
  const first = isProprietary(file) && loading.isFirstTaint("PROPRIETARY_MODULE");
  if (loading.rules.V21 === "late") taintByModinfo(loading);
  taintBySignature(loading);
  if (first && loading.rules.V22 === "two") loading.print("module license taints kernel.");
  if (file.sections.find("__obsparm") !== undefined) loading.print("Ignoring obsolete parameters");
  const crcsKnown = host.findExport(MODULE_LAYOUT)?.crc != null;
  if (crcsKnown && file.exports.some(({ crc }) => crc === null)) {
    loading.force("no versions for exported symbols");
  }
  checkImportedNamespaces(loading);
}

/** setup_modinfo(): since 6.16 no module may ask for a namespace that names its modules itself. */
export function checkImportedNamespaces<A extends Address>(loading: Loading<A>): void {
  if (loading.rules.V31 === "plain") return;
  const asked = loading.file.modinfo.all("import_ns").find(isForModules);
  if (asked === undefined) return;
  loading.print(`module tries to import module namespace: ${asked}`);
  throw loading.refusal(
    "EPERM",
    "a namespace module:NAME is for the modules that it names, and they import its symbols without asking for it",
  );
}
