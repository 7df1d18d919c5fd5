// The checks of a command, for the reports that CI systems read: one for most commands, one for each module in a sweep.
// Without checks of its own, an answer is one check, whose failure is read from its document.

import type { Answer } from "../answer.ts";
import type { Check } from "./check.ts";

/** @param words the command line. */
export function checksOf(answer: Answer, words: readonly string[]): readonly Check[] {
  if (answer.checks !== undefined) return answer.checks;
  const [command = "", ...rest] = words;
  const file = rest.find((word) => /\.(ko|o)(\.\w+)?$/.test(word));
  return [
    {
      name: [command, ...withoutReports(rest)].join(" "),
      ...(file === undefined ? {} : { file }),
      failure: answer.held ? null : failureOf(answer.json),
    },
  ];
}

function failureOf(json: Answer["json"]): NonNullable<Check["failure"]> {
  const { dmesg, explanation, exception, verdict } = json;
  const lines = Array.isArray(dmesg) ? dmesg.map(String) : [];
  const stopped = (exception as { readonly message?: unknown } | null | undefined)?.message;
  const reasons = [stopped, explanation].filter((one) => typeof one === "string" && one !== "");
  const details = [...lines, ...reasons].join("\n");
  const message = String(lines.at(-1) ?? reasons[0] ?? verdict ?? "the verdict failed");
  return { message: message.split("\n")[0] ?? "", details: details || message };
}

/** The command line without the options that only say how it is reported. */
function withoutReports(words: readonly string[]): string[] {
  return words.filter(
    (word, index) => !/^--(json|github|junit(=.*)?)$/.test(word) && words[index - 1] !== "--junit",
  );
}
