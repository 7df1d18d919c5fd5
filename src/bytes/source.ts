// A file as its reader sees it: a size, and bytes by offset. The host opens files on disk and keeps them open while
// they are read; bytes in memory (standard input, a browser's) are a source too.

/** Bytes that can be read at any offset. */
export interface ByteSource {
  readonly size: number;
  /** At most `length` bytes from `offset` on; fewer at the end. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

/** Opens the same bytes each time; the caller closes the source. */
export type Opener = () => ByteSource;

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close: () => undefined,
  };
}
