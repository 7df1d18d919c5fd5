// Divides the test files among processes. A process for each file would cost more than most files do: the start of
// Node, the imports, the compilation of the same WebAssembly. So neighbours share a process. A file that changes or
// measures the state of its process, and a file so long that it would keep others waiting, runs alone: a line of its
// opening comment begins with "Runs alone:" and gives the reason. tally.ts counts what the tests report.

import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const ALONE = /^\/\/ Runs alone: /m;
/** More would cost less time, if one processor didn't wait for the other at the end. */
const MOST_FILES = 10;

/**
 * The files of each process, in the order in which the processes start. Those that run alone are first, since they
 * are the longest. `textOf` gives a file's text, and `mostFiles` is the number that share a process.
 */
export function divide(
  files: readonly string[],
  processors: number,
  textOf: (file: string) => string,
  mostFiles = MOST_FILES,
): string[][] {
  const alone = files.filter((file) => ALONE.test(textOf(file)));
  const others = files.filter((file) => !alone.includes(file));
  const most = Math.min(mostFiles, Math.ceil(others.length / processors));
  const shares: string[][] = [];
  for (let at = 0; at < others.length; at += most) shares.push(others.slice(at, at + most));
  return [...alone.map((file) => [file]), ...shares];
}

/**
 * Writes a script that runs the tests of these compiled files. A file that can't be imported is a failed test of its
 * name, and the others run. A process that ends before its tests do has a failing exit code, whatever ended it.
 */
export function writeScript(path: string, files: readonly string[]): void {
  const urls = files.map((file) => pathToFileURL(file).href);
  writeFileSync(
    path,
    `import { after, test } from "node:test";
let ended = false;
after(() => { ended = true; });
process.on("exit", () => { if (!ended) process.exitCode = 1; });
for (const url of ${JSON.stringify(urls)}) {
  try {
    await import(url);
  } catch (error) {
    test(\`import of \${url}\`, () => { throw error; });
  }
}
`,
  );
}
