// Reads package.json, which is at the same relative path in a checkout and in an installed package. The version is that
// of the installed file, not one from the time of the build.

import { readFileSync } from "node:fs";

/** farjal's version. */
export function version(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
