// Loads farjal's own files before code needs them synchronously. Machine.create() does this for its two files; in a
// browser, a StillMachine's user calls it for the core.

import { host } from "#host";
import type { ResourceName } from "./host.ts";

/**
 * Fetches files of farjal's package, in a browser; in Node there is nothing to fetch.
 * @throws Misuse when one can't be fetched.
 */
export async function prepareResources(...names: readonly ResourceName[]): Promise<void> {
  await host.prepare(names);
}
