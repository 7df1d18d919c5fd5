// The patterns of set_ftrace_filter, as ftrace_match() and lib/glob.c interpret them. A `*` at the begin or end makes a
// plain substring, head or tail test; other special characters (`?`, `[a-z]`, `[!a-z]`, `\x`, an inner `*`) make a
// glob. The matcher backtracks only to the last `*`, so a hostile pattern costs at most
// length(pattern) x length(name).

/** Makes the test for one pattern (without `!`, index or `:mod:`, which filter.ts removes). */
export function globMatcher(pattern: string): (name: string) => boolean {
  const inner = pattern.replace(/^\*/, "").replace(/\*$/, "");
  if (/[*?[\\]/.test(inner)) return (name) => matchGlob(pattern, name);
  const front = pattern.startsWith("*");
  const end = pattern.length > 1 && pattern.endsWith("*");
  if (front && (end || inner === "")) return (name) => name.includes(inner);
  if (front) return (name) => name.endsWith(inner);
  if (end) return (name) => name.startsWith(inner);
  return (name) => name === pattern;
}

/** glob_match(): the name's end counts as a character of its own, "" here and NUL in the kernel. */
function matchGlob(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let starPattern = -1;
  let starName = 0;
  for (;;) {
    if (pattern[p] === "*") {
      starPattern = ++p;
      starName = n;
      continue;
    }
    const character = name.charAt(n);
    const step = matchOne(pattern, p, character);
    if (step > 0 && character === "") return true;
    if (step > 0) {
      p += step;
      n += 1;
    } else if (starPattern >= 0 && character !== "") {
      p = starPattern;
      n = ++starName;
    } else {
      return false;
    }
  }
}

/**
 * The number of the pattern's characters at `p` that match `character`; 0 if they don't match. The name's end, "", is
 * matched only by the pattern's end, also after a backslash.
 */
function matchOne(pattern: string, p: number, character: string): number {
  const first = pattern.charAt(p);
  if (first === "\\") return pattern.charAt(p + 1) === character ? 2 : 0;
  if (first === "?") return character === "" ? 0 : 1;
  if (first === "[") {
    const length = classLength(pattern, p);
    if (length > 0 && character === "") return 0;
    if (length > 0) return inClass(pattern.slice(p + 1, p + length - 1), character) ? length : 0;
  }
  return first === character ? 1 : 0;
}

/** Length of the `[...]` at `p` including brackets, or 0 if it is never closed (then `[` is an ordinary character). */
function classLength(pattern: string, p: number): number {
  const body = pattern[p + 1] === "!" ? p + 2 : p + 1;
  const close = pattern.indexOf("]", body + 1);
  return close < 0 ? 0 : close - p + 1;
}

function inClass(body: string, character: string): boolean {
  const inverted = body.startsWith("!");
  const set = inverted ? body.slice(1) : body;
  let found = false;
  for (let i = 0; i < set.length; i += 1) {
    const low = set.charAt(i);
    if (set[i + 1] === "-" && i + 2 < set.length) {
      if (low <= character && character <= set.charAt(i + 2)) found = true;
      i += 2;
    } else if (low === character) {
      found = true;
    }
  }
  return found !== inverted;
}
