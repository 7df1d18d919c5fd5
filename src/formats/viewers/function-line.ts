// Where functions are in the source, for the formats that have a place for it. The writer of a trace looks it up: a
// trace itself has names only.

/** A function's definition. */
export interface FunctionLine {
  /** The path, absolute if the compiler's folder is known. */
  readonly file: string;
  readonly line: number;
}

/** Looks up a function by its name and its module, null for the kernel's own; null: unknown. */
export type FunctionLineOf = (name: string, module: string | null) => FunctionLine | null;
