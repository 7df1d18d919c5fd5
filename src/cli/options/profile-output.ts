// How a profile is written, the same for `profile` and `boot --profile`: the format that a file's name implies, and the
// file itself.

import { version } from "../../host/version.ts";
import { callgrindText, type Profile, pprofBytes, profileStacks } from "../../index.ts";
import { writeWhole } from "../atomic-file.ts";

export const PROFILE_FORMATS = ["text", "callgrind", "pprof", "folded"] as const;
export type ProfileFormat = (typeof PROFILE_FORMATS)[number];

/** For the help of the options. */
export const PROFILE_NAMES = "callgrind.out…, .pb.gz, .folded";

/** The format that a file's name implies; text for any other name. */
export function profileFormatOf(path: string): ProfileFormat {
  const name = path.split("/").at(-1) ?? "";
  if (/^callgrind\.out/.test(name)) return "callgrind";
  if (/\.(pb\.gz|pprof)$/.test(name)) return "pprof";
  return name.endsWith(".folded") ? "folded" : "text";
}

/**
 * Writes a profile to a file, or returns its text for stdout.
 * @param text makes the text for people.
 */
export async function deliverProfile(
  profile: Profile,
  format: ProfileFormat,
  output: string | undefined,
  text: () => Iterable<string>,
): Promise<Iterable<string>> {
  if (format === "pprof") {
    await writeWhole(output ?? "", pprofBytes(profile));
    return [];
  }
  const lines =
    format === "callgrind"
      ? callgrindText(profile, `farjal ${version()}`)
      : format === "folded"
        ? profileStacks(profile)
        : text();
  if (output === undefined) return lines;
  await writeWhole(output, [...lines].join(""));
  return [];
}
