// Files of farjal's package that the user provides in place of those that the host would find: as bytes, or as URLs to
// fetch. They apply to the whole process: every machine made later uses them.

import { Misuse } from "../errors.ts";
import type { Resource, ResourceName } from "./host.ts";

export const RESOURCE_NAMES: readonly ResourceName[] = [
  "little.wasm",
  "big.wasm",
  "lab-little.o",
  "lab-big.o",
  "agent-little",
  "agent-big",
];

const provided = new Map<ResourceName, Resource>();

/**
 * Provides files of farjal's package, each as its bytes or its URL. A browser's bundler gives the URLs:
 * `import wasm from "farjal/little.wasm"`. Call it before the first machine is made.
 * @throws Misuse for a name that isn't one of these files.
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

/** The bytes of a resource that was provided as bytes; undefined for a URL. */
export function bytesOf(resource: Resource): Uint8Array<ArrayBuffer> | undefined {
  if (resource instanceof ArrayBuffer) return new Uint8Array(resource);
  if (!(resource instanceof Uint8Array)) return undefined;
  const { buffer, byteOffset, length } = resource;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint8Array(resource);
}
