// The processors that a module may have been built for by mistake, by the numbers in e_machine.

const MACHINES: ReadonlyMap<number, string> = new Map([
  [2, "SPARC"],
  [3, "x86 (32-bit)"],
  [20, "PowerPC"],
  [21, "64-bit PowerPC"],
  [22, "s390"],
  [40, "32-bit ARM"],
  [42, "SuperH"],
  [43, "64-bit SPARC"],
  [50, "Itanium"],
  [62, "x86-64"],
  [93, "ARC"],
  [183, "64-bit ARM (AArch64)"],
  [243, "RISC-V"],
  [247, "BPF"],
  [258, "LoongArch"],
]);

/** The end of a sentence about a file for another processor: which, and the likely cause. */
export function otherMachine(machine: number): string {
  const name = MACHINES.get(machine);
  if (name === undefined) return "";
  const cause =
    machine === 247
      ? "a BPF program is no module"
      : "it was probably built without ARCH=mips and CROSS_COMPILE=mips-linux-gnu- (or mipsel-linux-gnu-)";
  return `: the file is for ${name}; ${cause}`;
}
