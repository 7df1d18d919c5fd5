// Checks as JUnit XML, in the form that Jenkins, GitLab and GitHub's reporters read: testsuites, testsuite, testcase,
// failure. The format has four elements, so it is written here; characters that XML 1.0 doesn't have are left out.

import type { Check } from "./check.ts";

/** @param suite the command's name. @param seconds the time that the command took. */
export function junitXml(suite: string, checks: readonly Check[], seconds: number): string {
  const failures = checks.filter(({ failure }) => failure !== null).length;
  const counts = `tests="${checks.length}" failures="${failures}" errors="0" time="${seconds.toFixed(3)}"`;
  const each = (seconds / Math.max(1, checks.length)).toFixed(3);
  const cases = checks.map(({ name, file, failure }) => {
    const where = file === undefined ? "" : ` file="${escaped(file)}"`;
    const open = `    <testcase name="${escaped(name)}" classname="farjal.${escaped(suite)}"${where} time="${each}"`;
    if (failure === null) return `${open}/>`;
    const { message, details } = failure;
    return `${open}>\n      <failure message="${escaped(message)}">${escaped(details)}</failure>\n    </testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="farjal" ${counts}>
  <testsuite name="farjal ${escaped(suite)}" ${counts}>
${cases.join("\n")}
  </testsuite>
</testsuites>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text for an element or an attribute; a newline in an attribute would become a space. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, "")
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
}
