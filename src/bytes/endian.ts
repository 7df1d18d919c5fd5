// The byte order of a file or a guest. It is on the ground floor because everything that reads or writes
// numbers needs it.

export type Endian = "little" | "big";
