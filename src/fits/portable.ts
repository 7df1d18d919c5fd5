// A target as values that can be sent to another thread, which makes its own target of them. The kernel goes without its
// image, of which verdicts need nothing but the rules that it shows.

import { kernelFrom, type PortableKernel, portableKernel } from "../kernel/portable.ts";
import { Target, type TargetParts } from "./target.ts";

export interface PortableParts extends Omit<TargetParts, "kernel"> {
  readonly kernel: PortableKernel;
}

export function portableParts({ kernel, ...rest }: TargetParts): PortableParts {
  return { ...rest, kernel: { ...portableKernel(kernel), image: null } };
}

export function portedTarget({ kernel, ...rest }: PortableParts): Target {
  return new Target({ ...rest, kernel: kernelFrom(kernel) });
}
