// What formatting needs from the machine: the variable arguments in order, guest memory, and symbols of addresses.

export interface PrintkArguments {
  /** The next 32-bit argument. */
  word(): number;
  /** The next 64-bit argument; o32 passes it in an even pair of words. */
  doubleWord(): bigint;
  readonly memory: PrintkMemory;
}

export interface PrintkMemory {
  readonly littleEndian: boolean;
  /** Guest bytes; undefined when one of them isn't mapped. */
  bytes(address: number, size: number): Uint8Array | undefined;
  /** The text at an address up to its NUL, at most `limit` bytes, as Latin-1; undefined when it isn't mapped. */
  string(address: number, limit: number): string | undefined;
  /** `name+0xoffset/0xsize [module]`, or without the offset. */
  symbol(address: number, withOffset: boolean): string;
  /** The arguments of the va_list at an address. */
  list(address: number): PrintkArguments;
}
