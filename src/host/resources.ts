// Files of farjal's that the user hands in instead of those that the host would find: bytes, or places to fetch them
// from. They are the process's: every machine made later uses them.

import { Misuse } from "../errors.ts";
import type { Resource, ResourceName } from "./host.ts";

export const RESOURCE_NAMES: readonly ResourceName[] = [
  "little.wasm",
  "big.wasm",
  "lab-little.o",
  "lab-big.o",
];

const provided = new Map<ResourceName, Resource>();

/**
 * Hands in files that farjal brings along, each as its bytes or its URL. A browser's bundler gives the URLs:
 * `import wasm from "farjal/little.wasm"`. Call it before the first machine is made.
 * @throws Misuse for a name that is none of farjal's files.
 */
export function provideResources(
  resources: Readonly<Partial<Record<ResourceName, Resource>>>,
): void {
  for (const [name, resource] of Object.entries(resources)) {
    const known = RESOURCE_NAMES.find((one) => one === name);
    if (known === undefined) {
      throw new Misuse(`farjal has no file '${name}'; it has ${RESOURCE_NAMES.join(", ")}`);
    }
    provided.set(known, resource);
  }
}

export function providedResource(name: ResourceName): Resource | undefined {
  return provided.get(name);
}

/** The bytes of a resource that was handed in as bytes; undefined for a URL. */
export function bytesOf(resource: Resource): Uint8Array<ArrayBuffer> | undefined {
  if (resource instanceof ArrayBuffer) return new Uint8Array(resource);
  if (!(resource instanceof Uint8Array)) return undefined;
  const { buffer, byteOffset, length } = resource;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint8Array(resource);
}
