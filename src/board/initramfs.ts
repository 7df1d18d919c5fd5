// Makes an initramfs in the "newc" format of cpio (Documentation/driver-api/early-userspace/buffer-format.rst): for
// each file a header of hexadecimal fields, its name and its bytes, each padded to four. Owners, times and links are 0;
// the kernel unpacks the archive into its root file system.

import { joined, utf8Bytes } from "../bytes/text.ts";

/** The entries of an archive; a directory precedes its contents. */
export type InitramfsEntry = { readonly name: string } & (
  | { readonly kind: "directory" }
  | { readonly kind: "file"; readonly bytes: Uint8Array; readonly executable?: boolean }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "device"; readonly major: number; readonly minor: number }
);

const MAGIC = "070701";
const TRAILER: InitramfsEntry = { name: "TRAILER!!!", kind: "file", bytes: new Uint8Array(0) };
const MODES = {
  directory: 0o040755,
  file: 0o100644,
  executable: 0o100755,
  link: 0o120777,
  device: 0o020600,
};

/** The archive's bytes. */
export function initramfs(entries: readonly InitramfsEntry[]): Uint8Array {
  return joined(
    [...entries, TRAILER].flatMap((entry, index) => {
      const bytes = contentOf(entry);
      const name = utf8Bytes(`${entry.name}\0`);
      const device = entry.kind === "device" ? [entry.major, entry.minor] : [0, 0];
      const [owner, group, time, check] = [0, 0, 0, 0];
      const fields = [
        ...[index + 1, modeOf(entry), owner, group, 1, time, bytes.length],
        ...[0, 0, ...device, name.length, check],
      ];
      const header = utf8Bytes(MAGIC + fields.map(field).join(""));
      return [padded(joined([header, name])), padded(bytes)];
    }),
  );
}

/** A symbolic link's content is its target. */
function contentOf(entry: InitramfsEntry): Uint8Array {
  if (entry.kind === "link") return utf8Bytes(entry.target);
  return entry.kind === "file" ? entry.bytes : new Uint8Array(0);
}

function modeOf(entry: InitramfsEntry): number {
  return MODES[entry.kind === "file" && entry.executable === true ? "executable" : entry.kind];
}

function field(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function padded(bytes: Uint8Array): Uint8Array {
  return joined([bytes, new Uint8Array(-bytes.length & 3)]);
}
