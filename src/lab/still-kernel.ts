// The kernel that 64-bit modules import from, on a machine that executes nothing: addresses from the user's file, and
// an assigned address for each import without one.

import { distance, plus } from "../address.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Export } from "../module/host.ts";
import type { CodeOwner, KernelRange } from "./kernel-space.ts";
import type { TableKernel } from "./module-table.ts";

/** The first address assigned to imports without one, in the kernel's 256 MiB region. */
const FIRST_STUB = 0xffffffff_8f000000n;
const STUB_SIZE = 8;

export class StillKernel implements TableKernel<bigint> {
  readonly #kernel: Kernel<bigint> | null;
  readonly #stubs = new Map<string, bigint>();

  /** @param kernel the user's; without it nothing is exported. */
  constructor(kernel: Kernel<bigint> | null) {
    this.#kernel = kernel;
  }

  get vermagic(): string | null {
    return this.#kernel?.vermagic ?? null;
  }

  /** Its image or, without one, from its first symbol to its last. */
  get ranges(): readonly KernelRange<bigint>[] {
    const { image, symbols } = this.#kernel ?? {};
    const [first, last] = [symbols?.[0], symbols?.at(-1)];
    if (image != null) {
      return [{ owner: "kernel", base: image.address, size: image.bytes.length }];
    }
    if (first === undefined || last === undefined) return [];
    return [{ owner: "kernel", base: first.address, size: distance(first.address, last.address) }];
  }

  findExport(name: string): Export<bigint> | undefined {
    const found = this.#kernel?.exports.get(name);
    if (found === undefined) return undefined;
    const { crc, gplOnly, namespace } = found;
    const address = found.address ?? this.#stubAddress(name);
    return { name, address, crc, gpl: gplOnly, namespace, owner: null };
  }

  ownerOf(name: string): CodeOwner {
    return this.#stubs.has(name) ? "stub" : "kernel";
  }

  stub(name: string): Export<bigint> {
    const address = this.#stubAddress(name);
    return { name, address, crc: null, gpl: false, namespace: null, owner: null };
  }

  stubFor(name: string): Export<bigint> | undefined {
    return this.#stubs.has(name) ? this.stub(name) : undefined;
  }

  whyMissing(names: readonly string[]): string {
    const kernel = this.#kernel;
    if (kernel !== null) return names.map((name) => kernel.whyMissing(name)).join("; ");
    return (
      `farjal brings no 64-bit kernel along to export ${names.join(", ")}: give the kernel that the ` +
      "module was built for (--kernel vmlinuz), or take stubs for what is missing (--stub-missing)"
    );
  }

  #stubAddress(name: string): bigint {
    const known = this.#stubs.get(name);
    if (known !== undefined) return known;
    const address = plus(FIRST_STUB, this.#stubs.size * STUB_SIZE);
    this.#stubs.set(name, address);
    return address;
  }
}
