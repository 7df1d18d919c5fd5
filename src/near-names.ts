// The names that a user may have meant by one that doesn't exist: those that contain it, are contained in it or begin
// alike, and those that are a few typing errors away.

import { distance } from "fastest-levenshtein";

/** The most names that are suggested. */
const MOST = 3;
/** A shorter part of a name says too little. */
const SHORTEST_PART = 3;

/** The nearest of the names, the best first; empty if none is near. */
export function nearNames(wanted: string, names: Iterable<string>): string[] {
  const plain = plainForm(wanted);
  const found: { readonly name: string; readonly rank: number }[] = [];
  for (const name of new Set(names)) {
    const rank = rankOf(plain, plainForm(name));
    if (rank !== null) found.push({ name, rank });
  }
  found.sort(
    (a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1),
  );
  return found.slice(0, MOST).map(({ name }) => name);
}

/** `; did you mean 'a' or 'b'?`, or nothing. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const near = nearNames(wanted, names).map((name) => `'${name}'`);
  return near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
}

/** Names that differ in case, hyphens or underscores are the same name mistyped. */
function plainForm(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

/** The same for two names whose characters were swapped. */
function letters(name: string): string {
  return [...name].sort().join("");
}

/** How many characters two names begin with alike. */
function sharedStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

/** How far apart two names are; null: too far. */
function rankOf(wanted: string, name: string): number | null {
  if (wanted === name) return 0;
  const typos = letters(wanted) === letters(name) ? 1 : distance(wanted, name);
  const longest = Math.max(wanted.length, name.length);
  if (typos <= Math.max(1, Math.floor(longest / 4))) return typos;
  const [short, long] = wanted.length < name.length ? [wanted, name] : [name, wanted];
  const enough = Math.max(SHORTEST_PART, Math.ceil(short.length / 2));
  const kin =
    (short.length >= SHORTEST_PART && long.includes(short)) || sharedStart(short, long) >= enough;
  if (kin) return longest + typos;
  return typos <= longest / 3 ? 2 * longest + typos : null;
}
