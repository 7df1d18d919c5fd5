// The bound on calls that one entry of func-no-repeats stands for. A record holds a count of 16 bits, so a file of some
// megabytes could ask for billions of calls.

/** The note on those that were left out. */
export function repeatsNote(name: string, left: number): string {
  return `${name}: left out ${left} repetitions of calls (func-no-repeats)`;
}
