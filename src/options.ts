// Checks an options object of a public method. JavaScript ignores a key that it doesn't know, so a mistyped option would
// have no effect and no error; here it is a Misuse that names the option meant. The keys are listed beside each type of
// options, and the compiler checks that the list is complete.

import { Misuse } from "./errors.ts";
import { didYouMean } from "./near-names.ts";

/** Every key of a type of options. */
export type OptionKeys<T> = Readonly<Record<keyof T, true>>;

/**
 * @param method what the options were given to, as its user writes it.
 * @throws Misuse for a value that is no object and for a key that is none of `keys`.
 */
export function checkOptions<T extends object>(
  method: string,
  options: T,
  keys: OptionKeys<T>,
): void {
  if (typeof options !== "object" || options === null) {
    throw new Misuse(`${method} takes its options as an object, not ${String(options)}`);
  }
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(keys, key)) continue;
    const known = Object.keys(keys);
    const hint = didYouMean(key, known) || `; it takes ${known.join(", ")}`;
    throw new Misuse(`${method} has no option '${key}'${hint}`);
  }
}
