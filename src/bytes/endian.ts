// The byte order of a file or a guest. It is in this lowest folder because all code that reads or writes numbers needs
// it.

export type Endian = "little" | "big";
