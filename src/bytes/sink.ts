// What a file format writes into: bytes in order, and corrections of earlier bytes for sizes and offsets that are
// known only at the end. A file is one sink (the command line's), ByteBuffer is another.

export interface Sink {
  /** Appends. The caller may use the array again afterwards. */
  write(bytes: Uint8Array): void;
  /** Replaces bytes that have been written. */
  patch(offset: number, bytes: Uint8Array): void;
}
