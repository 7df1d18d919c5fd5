// What was read from a kernel's image, as bytes that a cache keeps: a mark, a digest of the rest, the length of a JSON
// document, the document, and the image. An entry whose digest is wrong is damaged and counts as absent. Addresses of 64
// bits are strings in JSON.

import { host } from "#host";
import type { Address } from "../address.ts";
import { hexDigits, sameBytes, utf8, utf8Bytes } from "../bytes/text.ts";
import type { AnyKernel, KernelExport, KernelFacts } from "./kernel.ts";
import { kernelFrom, type PortableKernel, portableKernel } from "./portable.ts";

/** Keeps entries between two runs; a file in the user's cache, for example. */
export interface KernelStore {
  get(key: string): Uint8Array | undefined;
  put(key: string, bytes: Uint8Array): unknown;
}

const MARK = utf8Bytes("farjal kernel 1\n");
const DIGEST = 32;
const HEAD = MARK.length + DIGEST + 4;

type Stored = number | string;
interface Document extends Omit<KernelFacts, "symbols" | "exports" | "moduleExports" | "image"> {
  readonly names: readonly string[];
  /** The letters of all symbols, one after the other. */
  readonly types: string;
  readonly addresses: readonly Stored[];
  readonly exports: readonly (Omit<KernelExport, "address"> & {
    readonly address: Stored | null;
  })[];
  /** The image's address; null if there is no image. */
  readonly image: Stored | null;
}

/** Reads a kernel, or finds it in the store by its file's digest; a kernel that was read is stored. */
export async function readStored(
  file: Uint8Array,
  store: KernelStore | undefined,
  read: () => Promise<AnyKernel>,
): Promise<AnyKernel> {
  if (store === undefined) return read();
  const key = hexDigits(host.sha256([file]));
  const entry = store.get(key);
  const known = entry === undefined ? null : decodeKernel(entry);
  if (known !== null) return known;
  const kernel = await read();
  store.put(key, encodeKernel(kernel));
  return kernel;
}

/** @param kernel read from an image, which has no exports of modules. */
export function encodeKernel(kernel: AnyKernel): Uint8Array {
  const { symbols, exports, moduleExports: _, image, ...facts } = portableKernel(kernel);
  const document = {
    ...facts,
    names: symbols.map(({ name }) => name),
    types: symbols.map(({ type }) => type).join(""),
    addresses: symbols.map(({ address }) => stored(address)),
    exports: [...exports.values()].map((one) => ({
      ...one,
      address: one.address === null ? null : stored(one.address),
    })),
    image: image === null ? null : stored(image.address),
  };
  const text = utf8Bytes(JSON.stringify(document));
  const bytes = new Uint8Array(HEAD + text.length + (image?.bytes.length ?? 0));
  bytes.set(MARK);
  new DataView(bytes.buffer).setUint32(MARK.length + DIGEST, text.length);
  bytes.set(text, HEAD);
  if (image !== null) bytes.set(image.bytes, HEAD + text.length);
  bytes.set(digestOf(bytes), MARK.length);
  return bytes;
}

/** null for bytes that aren't a whole entry of this format. */
export function decodeKernel(bytes: Uint8Array): AnyKernel | null {
  if (bytes.length < HEAD || !sameBytes(bytes.subarray(0, MARK.length), MARK)) return null;
  if (!sameBytes(bytes.subarray(MARK.length, MARK.length + DIGEST), digestOf(bytes))) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = HEAD + view.getUint32(MARK.length + DIGEST);
  const document = JSON.parse(utf8(bytes.subarray(HEAD, end))) as Document;
  const { names, types, addresses, exports, image, ...facts } = document;
  const read = (address: Stored): Address =>
    typeof address === "string" ? BigInt(address) : address;
  const kernel = {
    ...facts,
    symbols: names.map((name, index) => ({
      name,
      address: read(addresses[index] as Stored),
      type: types[index] as string,
    })),
    exports: new Map(
      exports.map((one) => [
        one.name,
        { ...one, address: one.address === null ? null : read(one.address) },
      ]),
    ),
    moduleExports: new Map(),
    image: image === null ? null : { address: read(image), bytes: bytes.subarray(end) },
  };
  return kernelFrom(kernel as PortableKernel);
}

function stored(address: Address): Stored {
  return typeof address === "bigint" ? String(address) : address;
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return host.sha256([bytes.subarray(MARK.length + DIGEST)]);
}
