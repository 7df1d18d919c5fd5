// The one switch between a quick run and a thorough run of the tests. `npm test` by hand leaves out repetitions
// (every vector on the translator, a process for each command); .ci/run sets the variable and leaves out nothing.

export const thorough = process.env["FARJAL_THOROUGH"] !== undefined;
