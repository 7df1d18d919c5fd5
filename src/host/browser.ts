// The host in a browser: it has no files; farjal's own files are fetched or provided by the user; zlib and SHA-256 are
// in JavaScript, since a browser has both only asynchronously; ports are the DOM's. A bundler takes this file in place
// of node.ts, and finds the files through the URLs below.

import { sha256 } from "@noble/hashes/sha2";
import { deflate, gzip, Inflate } from "pako";
import { ByteBuffer } from "../bytes/byte-buffer.ts";
import { Misuse } from "../errors.ts";
import type { Host, Port, ResourceName, ScratchFile } from "./host.ts";
import { bytesOf, providedResource, provideResources } from "./resources.ts";

/** Each is written out, since bundlers look for exactly this form. */
const PLACES: Readonly<Record<ResourceName, () => URL>> = {
  "little.wasm": () => new URL("../../../build/core/little.wasm", import.meta.url),
  "big.wasm": () => new URL("../../../build/core/big.wasm", import.meta.url),
  "lab-little.o": () => new URL("../../../src/lab-kernel/built/lab-little.o", import.meta.url),
  "lab-big.o": () => new URL("../../../src/lab-kernel/built/lab-big.o", import.meta.url),
  "agent-little": () => new URL("../../../src/board/agent/built/agent-little", import.meta.url),
  "agent-big": () => new URL("../../../src/board/agent/built/agent-big", import.meta.url),
};
const CHUNK = 1 << 20;

const fetched = new Map<ResourceName, Uint8Array<ArrayBuffer>>();

export const host: Host = {
  readFile: noFile,
  openFile: noFile,
  scratchFile,
  prepare: async (names) => {
    await Promise.all(names.map(prepareOne));
  },
  resource: (name) => {
    const own = providedResource(name);
    const bytes = own === undefined ? fetched.get(name) : bytesOf(own);
    if (bytes !== undefined) return bytes;
    throw new Misuse(
      `${name} is not loaded: await prepareResources("${name}"), or hand it in with provideResources()`,
    );
  },
  pageParts: () => {
    throw new Misuse("a trace's HTML page is made in Node: its style and scripts are files");
  },
  sha256: (parts) => {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  deflate: (bytes) => deflate(bytes, { level: 1 }),
  gzip: (bytes) => gzip(bytes),
  inflate: (bytes, most) => {
    const output = new ByteBuffer(0, most);
    inflateInto(bytes, false, (piece) => output.write(piece));
    return output.bytes();
  },
  inflateRaw: async (bytes, write) => inflateInto(bytes, true, write),
  channel: () => {
    const { port1, port2 } = new MessageChannel();
    return { own: portOf(port1), other: port2 as never };
  },
  port: (received) => portOf(received as unknown as DomPort),
};

function noFile(path: string): never {
  throw new Misuse(`${path} can't be read: a browser has no files; hand in the bytes`);
}

async function prepareOne(name: ResourceName): Promise<void> {
  const own = providedResource(name);
  if (own === undefined ? fetched.has(name) : bytesOf(own) !== undefined) return;
  const url = own === undefined ? PLACES[name]() : (own as string | URL);
  let why: string;
  try {
    const response = await fetch(url);
    if (response.ok) {
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (own === undefined) fetched.set(name, bytes);
      else provideResources({ [name]: bytes });
      return;
    }
    why = `the server answers ${response.status}`;
  } catch (error) {
    why = (error as Error).message;
  }
  throw new Misuse(
    `${name} can't be fetched from ${url} (${why}); hand it in with provideResources()`,
  );
}

/** A memory buffer in place of a file. */
function scratchFile(): ScratchFile {
  const buffer = new ByteBuffer(CHUNK);
  return {
    append: (bytes) => buffer.write(bytes),
    read: (bytes, offset) => {
      const part = buffer.bytes().subarray(offset, offset + bytes.length);
      bytes.set(part);
      return part.length;
    },
    close: () => buffer.clear(),
  };
}

/** @returns the size of the stream; bytes after it are ignored. */
function inflateInto(bytes: Uint8Array, raw: boolean, write: (piece: Uint8Array) => void): number {
  const inflate = new Inflate({ raw, chunkSize: CHUNK });
  let size = (): number => 0;
  inflate.onStart = (stream) => {
    size = () => stream.total_in;
  };
  inflate.onData = write;
  inflate.push(bytes, true);
  if (inflate.err !== 0) throw new Error(inflate.msg);
  return size();
}

/** The part of the DOM's MessagePort that is used; the DOM's declarations are not part of this build. */
interface DomPort {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  addEventListener(type: "close", listener: () => void): void;
  postMessage(message: unknown): void;
  close(): void;
}

declare const MessageChannel: new () => { readonly port1: DomPort; readonly port2: DomPort };

function portOf(port: DomPort): Port {
  return {
    onMessage: (listener) => {
      port.onmessage = ({ data }) => listener(data);
    },
    // Not every browser reports that the other end was closed.
    onClose: (listener) => port.addEventListener("close", listener),
    send: (message) => port.postMessage(message),
    arrived: () => [],
    keepAlive: () => undefined,
    close: () => port.close(),
  };
}
