// The one switch between a quick run and a thorough run of the tests. `npm test` by hand leaves out repetitions
// (every vector on the translator, a process for each command); .ci/run sets the variable and leaves out nothing.

export const thorough = process.env["FARJAL_THOROUGH"] !== undefined;

/**
 * Of the values of many like tests: all in a thorough run, otherwise every other one. The nth list begins at the first
 * value or the second by turns, so that each value of two lists is tested.
 */
export function everyOther<T>(values: readonly T[], n: number): readonly T[] {
  return thorough ? values : values.filter((_, index) => (index + n) % 2 === 0);
}
