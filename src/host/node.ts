// The host in Node: files on disk, farjal's own files beside the program, node:zlib, node:crypto and worker_threads'
// ports. Interfaces of Node that only the command line, sweep and verify need (processes, terminals, folders) are used
// in their own files.

import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { constants, createInflateRaw, deflateSync, gzipSync, inflateSync } from "node:zlib";
import { ByteBuffer } from "../bytes/byte-buffer.ts";
import type { ByteSource } from "../bytes/source.ts";
import { Misuse, systemError } from "../errors.ts";
import type { Host, PageParts, Port, ResourceName, ScratchFile } from "./host.ts";
import { bytesOf, providedResource } from "./resources.ts";

/** The package's folder, the same in a checkout and in an installation. */
const ROOT = new URL("../../../", import.meta.url);
const PLACES: Readonly<Record<ResourceName, string>> = {
  "little.wasm": "build/core/little.wasm",
  "big.wasm": "build/core/big.wasm",
  "lab-little.o": "src/lab-kernel/built/lab-little.o",
  "lab-big.o": "src/lab-kernel/built/lab-big.o",
  "agent-little": "src/board/agent/built/agent-little",
  "agent-big": "src/board/agent/built/agent-big",
};
const CHUNK = 1 << 20;
const STDIN = 0;

/** d3's parts, each after those that it needs. */
const D3_PARTS = [
  "d3-selection",
  "d3-dispatch",
  "d3-timer",
  "d3-color",
  "d3-interpolate",
  "d3-ease",
  "d3-transition",
  "d3-hierarchy",
  "d3-array",
  "d3-time",
  "d3-time-format",
  "d3-format",
  "d3-scale",
] as const;

export const host: Host = {
  readFile: (path, most) =>
    reading(path, () => {
      const descriptor = openSync(path, "r");
      try {
        return readAll(descriptor, path, most);
      } finally {
        closeSync(descriptor);
      }
    }),
  openFile,
  scratchFile,
  prepare: async () => undefined,
  resource,
  pageParts,
  sha256: (parts) => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  deflate: (bytes) => deflateSync(bytes, { level: constants.Z_BEST_SPEED }),
  gzip: (bytes) => gzipSync(bytes),
  inflate: (bytes, most) => inflateSync(bytes, { maxOutputLength: Math.max(most, 1) }),
  inflateRaw: async (bytes, write) => {
    const inflate = createInflateRaw({ chunkSize: CHUNK });
    inflate.end(bytes);
    for await (const chunk of inflate) write(chunk as Uint8Array);
    return inflate.bytesWritten;
  },
  channel: () => {
    const { port1, port2 } = new MessageChannel();
    return { own: portOf(port1), other: port2 };
  },
  port: portOf,
};

/** Reads all of standard input. @throws Misuse when it can't be read or has more than `most` bytes. */
export function readStandardInput(most: number): Uint8Array {
  return reading("standard input", () => readAll(STDIN, "standard input", most));
}

/** Reading any path (a pipe, an endless device, a directory) ends in bytes or in an error of one sentence. */
function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Misuse) throw error;
    if ((error as NodeJS.ErrnoException).code === "EISDIR") {
      throw new Misuse(`${path} is a directory, not a file; farjal sweep takes directories`);
    }
    throw new Misuse(`${path} can't be read: ${systemError(error)}`);
  }
}

function readAll(descriptor: number, path: string, most: number): Uint8Array {
  const { size } = fstatSync(descriptor);
  const tooLarge = (): Misuse =>
    new Misuse(`${path} has more than ${most >>> 20} MiB, and no file of its kind has`);
  if (size > most) throw tooLarge();
  // One byte more than the file, so that the same read finds its end; a pipe has no size.
  let chunk = new Uint8Array(size + 1);
  let filled = 0;
  const before = new ByteBuffer(0);
  for (;;) {
    if (filled === chunk.length) {
      before.write(chunk);
      chunk = new Uint8Array(CHUNK);
      filled = 0;
    }
    const count = readSync(descriptor, chunk, filled, chunk.length - filled, null);
    if (count === 0) break;
    filled += count;
    if (before.length + filled > most) throw tooLarge();
  }
  const last = chunk.subarray(0, filled);
  if (before.length === 0) return last;
  before.write(last);
  return before.bytes();
}

function openFile(path: string): ByteSource {
  const descriptor = reading(path, () => openSync(path, "r"));
  const size = reading(path, () => fstatSync(descriptor).size);
  return {
    size,
    read: (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let got = 0;
      while (got < bytes.length) {
        const count = reading(path, () =>
          readSync(descriptor, bytes, got, bytes.length - got, offset + got),
        );
        if (count === 0) break;
        got += count;
      }
      return bytes.subarray(0, got);
    },
    close: () => closeSync(descriptor),
  };
}

/** The file's name is removed at once, so that the file disappears when the process ends in any way. */
function scratchFile(path: string): ScratchFile {
  const descriptor = openSync(path, "wx+");
  rmSync(path);
  return {
    append: (bytes) => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(descriptor, bytes, done, bytes.length - done);
      }
    },
    read: (bytes, offset) => readSync(descriptor, bytes, 0, bytes.length, offset),
    close: () => closeSync(descriptor),
  };
}

function resource(name: ResourceName): Uint8Array<ArrayBuffer> {
  const own = providedResource(name);
  if (own === undefined) return packageFile(PLACES[name]);
  return bytesOf(own) ?? packageFile(String(own));
}

/** Reads a file of farjal's package by its path there, or any file by its `file:` URL. */
export function packageFile(path: string): Uint8Array<ArrayBuffer> {
  return readFileSync(new URL(path, ROOT));
}

/**
 * The page's own parts are minified in the package's `dist`; d3's browser files are in `dist` beside each package's
 * entry.
 */
function pageParts(): PageParts {
  const own = (name: string): string => readFileSync(new URL(`dist/${name}`, ROOT), "utf8");
  const flameGraph = createRequire(fileURLToPath(import.meta.url)).resolve("d3-flame-graph");
  const { resolve } = createRequire(flameGraph);
  const parts = D3_PARTS.map((name) =>
    readFileSync(join(dirname(resolve(name)), "..", "dist", `${name}.min.js`), "utf8"),
  );
  return {
    css: own("page.css"),
    html: own("page.html"),
    script: own("page.js"),
    libraries: [...parts, readFileSync(flameGraph.replace(/\.js$/, ".min.js"), "utf8")],
  };
}

function portOf(port: MessagePort): Port {
  port.unref();
  return {
    onMessage: (listener) => {
      port.on("message", listener);
      port.unref();
    },
    onClose: (listener) => {
      port.on("close", listener);
    },
    send: (message) => port.postMessage(message),
    arrived: () => {
      const messages: unknown[] = [];
      for (;;) {
        const received = receiveMessageOnPort(port);
        if (received === undefined) return messages;
        messages.push(received.message);
      }
    },
    keepAlive: (yes) => (yes ? port.ref() : port.unref()),
    close: () => port.close(),
  };
}
