// A kernel's release as numbers that can be compared, from the text that uname -r prints. Which rules a release has is
// in table.ts.

/** Version, patchlevel and sublevel: 6.12.95. */
export type Release = readonly [version: number, patchlevel: number, sublevel: number];

const RELEASE = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}))?(?![\d.])/;
/** Debian's older form, 6.1.0-50-4kc-malta: the third number is always 0 and the fourth counts changes of the ABI. */
const DEBIAN_ABI = /^\d+\.\d+\.0-\d+-/;
/** Debian's form since Linux 6.12: 6.12.95+deb12-5kc-malta. */
const DEBIAN = /\+deb\d+/;

/**
 * Reads a release. Where the text has no sublevel, or is Debian's older form, the newest sublevel is meant, since
 * stable updates change rules.
 * @returns null if the text is no release.
 */
export function parseRelease(text: string): Release | null {
  const [, version, patchlevel, sublevel] = RELEASE.exec(text) ?? [];
  if (version === undefined || patchlevel === undefined) return null;
  const newest = sublevel === undefined || DEBIAN_ABI.test(text);
  return [
    Number(version),
    Number(patchlevel),
    newest ? Number.POSITIVE_INFINITY : Number(sublevel),
  ];
}

/** Whether Debian built the kernel: its patches change rules. */
export function isDebian(release: string): boolean {
  return DEBIAN_ABI.test(release) || DEBIAN.test(release);
}

/** The release that a module was built for, the first word of its version magic; null if it has none. */
export function releaseOf(vermagic: string | null): string | null {
  return vermagic?.split(" ")[0] || null;
}

/** Modules by the release that they were built for; those that don't say it are left out. */
export function countReleases(releases: Iterable<string | null>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const release of releases) {
    if (release !== null) counts.set(release, (counts.get(release) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

/** A sentence about modules of several releases; none if they are of one. */
export function releaseNotes(counts: Readonly<Record<string, number>>): string[] {
  const releases = Object.entries(counts);
  if (releases.length < 2) return [];
  const list = releases.map(([release, count]) => `${release} (${count})`).join(", ");
  return [`the tree has modules of ${releases.length} releases: ${list}`];
}

/** Negative, 0 or positive, as `one` is older than, equal to or newer than `other`. */
export function compareReleases(one: Release, other: Release): number {
  for (const [index, number] of one.entries()) {
    const against = other[index] ?? 0;
    if (number !== against) return number < against ? -1 : 1;
  }
  return 0;
}
