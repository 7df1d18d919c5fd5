// Reading farjal's own files before what needs them at once: Machine.create() does it for its two, a StillMachine's
// user in a browser calls it for the core.

import { host } from "#host";
import type { ResourceName } from "./host.ts";

/**
 * Fetches files that farjal brings along, in a browser; in Node there is nothing to wait for.
 * @throws Misuse when one can't be fetched.
 */
export async function prepareResources(...names: readonly ResourceName[]): Promise<void> {
  await host.prepare(names);
}
