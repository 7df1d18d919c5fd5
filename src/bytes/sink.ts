// The output of a file format: bytes in order, and corrections of earlier bytes for sizes and offsets that are known
// only at the end. The command line's file is one sink, ByteBuffer is another.

export interface Sink {
  /** Appends bytes. The caller may reuse the array afterwards. */
  write(bytes: Uint8Array): void;
  /** Replaces bytes that were written earlier. */
  patch(offset: number, bytes: Uint8Array): void;
}
