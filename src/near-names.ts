// The names that a user may have meant by one that doesn't exist: those that contain it, are contained in it or begin
// alike, and those that are a few typing errors away.

import { distance } from "fastest-levenshtein";

/** The most names that are suggested. */
const MOST = 3;
/** A shorter part of a name says too little. */
const SHORTEST_PART = 3;

/** The nearest of the names, the best first; empty if none is near. */
function nearNames(wanted: string, names: Iterable<string>): string[] {
  const plain = plainForm(wanted);
  const found: { readonly name: string; readonly rank: number }[] = [];
  for (const name of new Set(names)) {
    const rank = rankOf(plain, plainForm(name));
    if (rank !== null) found.push({ name, rank });
  }
  found.sort(
    (a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1),
  );
  const best = found[0]?.rank ?? 0;
  // Beside a name that is a typing error away, names that are merely similar say nothing.
  const likely = best <= closeTo(plain.length) ? found.filter(({ rank }) => rank === best) : found;
  return likely.slice(0, MOST).map(({ name }) => name);
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

/** The most typing errors in a name of this length that is still taken for another. */
function closeTo(length: number): number {
  return Math.max(1, Math.floor(length / 4));
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
  if (typos <= closeTo(longest)) return typos;
  const [short, long] = wanted.length < name.length ? [wanted, name] : [name, wanted];
  const enough = Math.max(SHORTEST_PART, Math.ceil(short.length / 2));
  const kin =
    (short.length >= SHORTEST_PART && long.includes(short)) || sharedStart(short, long) >= enough;
  if (kin) return longest + typos;
  return typos <= longest / 3 ? 2 * longest + typos : null;
}
