// What the library needs of the program that runs it: files, the files that farjal brings along, zlib, SHA-256 and
// message ports. node.ts and browser.ts are the two that there are; the import `#host` means one of them (`imports`
// in package.json). No other file of the library knows of Node or of a browser.

import type { ByteSource } from "../bytes/source.ts";

/** The files that farjal brings along and reads at run time; the package exports each as `farjal/NAME`. */
export type ResourceName = "little.wasm" | "big.wasm" | "lab-little.o" | "lab-big.o";

/** A file's bytes, or where a browser fetches them. */
export type Resource = string | URL | Uint8Array | ArrayBuffer;

/** A file without a name that is written at its end and read anywhere. Each method throws what the system says. */
export interface ScratchFile {
  append(bytes: Uint8Array): void;
  /** Reads into `bytes` from an offset. @returns how many bytes were read; 0 at the end. */
  read(bytes: Uint8Array, offset: number): number;
  close(): void;
}

/** MessagePort as the platform declares it: worker_threads' or the DOM's. */
export type PlatformPort = typeof globalThis extends { MessagePort: { prototype: infer P } }
  ? P
  : unknown;

/** One end of a message channel. It keeps no process alive unless keepAlive() says so. */
export interface Port {
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  send(message: unknown): void;
  /**
   * Messages that have arrived and were not given to the listener yet. A browser has no way to ask: there it is
   * always empty, and messages arrive when the thread next waits.
   */
  arrived(): unknown[];
  keepAlive(yes: boolean): void;
  close(): void;
}

/** What the page of format html is made of. */
export interface PageParts {
  readonly css: string;
  readonly html: string;
  readonly script: string;
  /** Scripts that make the globals `d3` and `flamegraph`, in their order. */
  readonly libraries: readonly string[];
}

export interface Host {
  /** A whole file. @throws Misuse that names it, when it can't be read or has more than `most` bytes. */
  readFile(path: string, most: number): Uint8Array;
  /** Opens a file to read parts of it. @throws Misuse that names it. */
  openFile(path: string): ByteSource;
  /** @param path where the file is while it has a name. */
  scratchFile(path: string): ScratchFile;

  /** Makes resource() ready to give these. @throws Misuse when one can't be had. */
  prepare(names: readonly ResourceName[]): Promise<void>;
  /** The bytes of a file that farjal brings along. @throws Misuse in a browser, when prepare() has not read it. */
  resource(name: ResourceName): Uint8Array<ArrayBuffer>;
  pageParts(): PageParts;

  /** The digest of the parts one behind the other. */
  sha256(parts: readonly Uint8Array[]): Uint8Array;
  /** A zlib stream (RFC 1950) at zlib's fastest level. */
  deflate(bytes: Uint8Array): Uint8Array;
  /** Unpacks a zlib stream. @throws when it is damaged or makes more than `most` bytes. */
  inflate(bytes: Uint8Array, most: number): Uint8Array;
  /**
   * Unpacks the raw deflate stream (RFC 1951) at the start of `bytes`, and gives the pieces to `write`, which may
   * throw to end it.
   * @returns the size of the stream. @throws when it is damaged or cut off.
   */
  inflateRaw(bytes: Uint8Array, write: (piece: Uint8Array) => void): Promise<number>;

  /** A new channel: an end for this thread, and one to send to another thread. */
  channel(): { readonly own: Port; readonly other: PlatformPort };
  /** The end that another thread has sent. */
  port(received: PlatformPort): Port;
}
