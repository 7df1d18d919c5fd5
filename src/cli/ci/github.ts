// Checks for GitHub Actions: annotations (workflow commands, which the runner reads from the log) for what failed, and a
// table in Markdown for the job's summary page.

import type { Check } from "./check.ts";

/** One line for each failed check. */
export function annotations(checks: readonly Check[]): string {
  return checks
    .map(({ name, file, failure }) => {
      if (failure === null) return "";
      const place = file === undefined ? "" : `file=${property(file)},`;
      return `::error ${place}title=${property(`farjal ${name}`)}::${data(failure.details)}\n`;
    })
    .join("");
}

/** The most failures that a summary shows; GitHub takes 1 MiB. */
const MOST_SHOWN = 200;

/** @param suite the command's name. */
export function jobSummary(suite: string, checks: readonly Check[]): string {
  const failed = checks.filter(({ failure }) => failure !== null);
  const passed = checks.length - failed.length;
  const rows = failed
    .slice(0, MOST_SHOWN)
    .map(({ name, failure }) => `| ${cell(name)} | ${cell(failure?.message ?? "")} |\n`);
  const more = failed.length > MOST_SHOWN ? `\nand ${failed.length - MOST_SHOWN} more\n` : "";
  const table = failed.length === 0 ? "" : `\n| failed | why |\n|---|---|\n${rows.join("")}${more}`;
  return `### farjal ${cell(suite)}: ${passed} of ${checks.length} passed\n${table}\n`;
}

/** The runner's escapes for the text of a workflow command. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** Text in a cell of a Markdown table: files and kernel lines are not Markdown. */
function cell(text: string): string {
  return text
    .replace(/[\r\n]+/g, " ")
    .replace(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`);
}
