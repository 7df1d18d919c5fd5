// A module's name from its file's name: no directory, no .ko or .o, no ending of a compressed file, and '_' for '-',
// since the kernel and modprobe treat the two alike.

export function moduleName(path: string): string {
  return fileName(path)
    .replace(/\.k?o(\.(gz|xz|zst))?$/, "")
    .replaceAll("-", "_");
}

/** The last component of a POSIX path. */
export function fileName(path: string): string {
  return /([^/]*)\/*$/.exec(path)?.[1] ?? "";
}
