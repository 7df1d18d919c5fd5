// The one switch between tests in a hurry and all of them. `npm test` on a desk leaves out what repeats itself
// (every vector on the translator, a process for each command); .ci/run sets the variable and leaves out nothing.

export const thorough = process.env["FARJAL_THOROUGH"] !== undefined;
