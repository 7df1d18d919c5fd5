// Says in one line which kernel's rules a module was loaded by, where its release comes from, and which rules are not
// that release's own.

import type { KernelProfile, ReleaseSource } from "../kernel/rules/profile.ts";

const FROM: Readonly<Record<ReleaseSource, string>> = {
  "--kernel-release": "from --kernel-release",
  banner: "from the banner",
  vermagic: "from the module's version magic",
  default: "since nothing names a release",
};
const CHANGED_BY = { "--rule": "by --rule", image: "as the kernel's image shows" } as const;

/** `rules of Linux 6.12.95 (mainline), from the banner; V20=refuse by --rule` */
export function rulesText({ release, from, set, rules, changed }: KernelProfile): string {
  const own = changed.map((one) => `; ${one.id}=${rules[one.id]} ${CHANGED_BY[one.from]}`);
  return `rules of Linux ${release} (${set}), ${FROM[from]}${own.join("")}`;
}
