// The library's interface to the program that runs it: files, the files in farjal's package, zlib, SHA-256 and message
// ports. There are two implementations, node.ts and browser.ts; the import `#host` selects one (`imports` in
// package.json). No other file of the library uses Node's or a browser's interfaces.

import type { ByteSource } from "../bytes/source.ts";

/** The package's files that are read at run time; the package exports each as `farjal/NAME`. */
export type ResourceName =
  | "little.wasm"
  | "big.wasm"
  | "lab-little.o"
  | "lab-big.o"
  | "agent-little"
  | "agent-big";

/** A file's bytes, or the URL from which a browser fetches them. */
export type Resource = string | URL | Uint8Array | ArrayBuffer;

/** An unnamed file that is written at its end and read anywhere. Each method throws the system's errors. */
export interface ScratchFile {
  append(bytes: Uint8Array): void;
  /** Reads into `bytes` from an offset. @returns the number of bytes read; 0 at the end. */
  read(bytes: Uint8Array, offset: number): number;
  close(): void;
}

/**
 * The platform's MessagePort: worker_threads' or the DOM's. Where the DOM's types are loaded, which is the default of
 * TypeScript in Node's projects too, the global type may be the wrong one of the two, so the type is open.
 */
export type PlatformPort = typeof globalThis extends { onmessage: unknown }
  ? // biome-ignore lint/suspicious/noExplicitAny: a postMessage() of either platform must take it
    any
  : typeof globalThis extends { MessagePort: { prototype: infer P } }
    ? P
    : unknown;

/** One end of a message channel. It doesn't keep the process alive unless keepAlive() is called. */
export interface Port {
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  send(message: unknown): void;
  /**
   * Messages that have arrived and haven't been given to the listener. A browser can't query them: there the list is
   * always empty, and messages arrive when the thread next waits.
   */
  arrived(): unknown[];
  keepAlive(yes: boolean): void;
  close(): void;
}

/** The parts of a page in the format html. */
export interface PageParts {
  readonly css: string;
  readonly html: string;
  readonly script: string;
  /** Scripts that define the globals `d3` and `flamegraph`, in loading order. */
  readonly libraries: readonly string[];
}

export interface Host {
  /** Reads a whole file. @throws Misuse with the path when it can't be read or has more than `most` bytes. */
  readFile(path: string, most: number): Uint8Array;
  /** Opens a file to read parts of it. @throws Misuse with the path. */
  openFile(path: string): ByteSource;
  /** Creates an unnamed file. @param path the file's path until its name is removed. */
  scratchFile(path: string): ScratchFile;

  /** Loads the files that resource() is to give. @throws Misuse when one can't be loaded. */
  prepare(names: readonly ResourceName[]): Promise<void>;
  /** The bytes of a file of farjal's package. @throws Misuse in a browser when prepare() hasn't loaded it. */
  resource(name: ResourceName): Uint8Array<ArrayBuffer>;
  pageParts(): PageParts;

  /** The digest of the concatenated parts. */
  sha256(parts: Iterable<Uint8Array>): Uint8Array;
  /** Makes a zlib stream (RFC 1950) at zlib's fastest level. */
  deflate(bytes: Uint8Array): Uint8Array;
  /** Makes a gzip file (RFC 1952). */
  gzip(bytes: Uint8Array): Uint8Array;
  /** Unpacks a zlib stream. @throws when it is damaged or unpacks to more than `most` bytes. */
  inflate(bytes: Uint8Array, most: number): Uint8Array;
  /**
   * Unpacks the raw deflate stream (RFC 1951) at the start of `bytes` and passes the pieces to `write`, which may throw
   * to stop.
   * @returns the size of the stream. @throws when it is damaged or cut off.
   */
  inflateRaw(bytes: Uint8Array, write: (piece: Uint8Array) => void): Promise<number>;

  /** Makes a channel: an end for this thread, and one to send to another thread. */
  channel(): { readonly own: Port; readonly other: PlatformPort };
  /** Wraps an end that another thread has sent. */
  port(received: PlatformPort): Port;
}
