// What the package says of itself. Its file lies at the same place in a checkout and where it is installed;
// what is read is what npm installed, not what was built.

import { readFileSync } from "node:fs";

/** farjal's version. */
export function version(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
