// A kernel as plain values, for another thread or a file, and a kernel made of them again.

import { type AnyKernel, Kernel, type KernelFacts } from "./kernel.ts";

export type PortableKernel = KernelFacts<number> | KernelFacts<bigint>;

/** The kernel's facts alone. */
export function portableKernel(kernel: AnyKernel): PortableKernel {
  return { ...kernel } as PortableKernel;
}

export function kernelFrom(facts: PortableKernel): AnyKernel {
  return facts.bits === 64
    ? new Kernel(facts as KernelFacts<bigint>)
    : new Kernel(facts as KernelFacts<number>);
}
