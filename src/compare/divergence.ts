// Finds the first difference between two sequences, with a few lines of context. Both are read once, in parallel, so
// sequences of any length can be compared. The parts after the first difference aren't aligned again, because in a
// trace one changed call shifts everything after it.

/** One place in a sequence. */
export interface Step {
  /** The text that is compared. */
  readonly text: string;
  /** Whole microseconds since the sequence began; compared beside the text. */
  readonly time: number;
}

/** The first difference, with the lines around it. */
export interface Divergence {
  /** The number of equal steps before it. */
  readonly index: number;
  /** The last of the equal steps. */
  readonly before: readonly string[];
  /** The following steps in each sequence, the differing one first; empty if the sequence has ended. */
  readonly a: readonly string[];
  readonly b: readonly string[];
}

export interface Walk {
  /** null if the texts are the same. */
  readonly divergence: Divergence | null;
  /** The first of the equal steps whose times differ, counted from 0; null if there is none. */
  readonly firstTime: number | null;
}

/** Steps to show before the difference and from it on. */
const CONTEXT = 3;

/** Reads two sequences until their texts differ; both iterators are then past the lines shown. */
export function walk(a: Iterator<Step>, b: Iterator<Step>): Walk {
  const before: string[] = [];
  let firstTime: number | null = null;
  for (let index = 0; ; index += 1) {
    const one = a.next();
    const other = b.next();
    if (one.done === true && other.done === true) return { divergence: null, firstTime };
    if (one.done !== true && other.done !== true && one.value.text === other.value.text) {
      if (one.value.time !== other.value.time) firstTime ??= index;
      before.push(one.value.text);
      if (before.length > CONTEXT) before.shift();
      continue;
    }
    return {
      divergence: { index, before, a: following(one, a), b: following(other, b) },
      firstTime,
    };
  }
}

function following(first: IteratorResult<Step>, rest: Iterator<Step>): string[] {
  const lines: string[] = [];
  for (let next = first; next.done !== true; next = rest.next()) {
    lines.push(next.value.text);
    if (lines.length >= CONTEXT) break;
  }
  return lines;
}

/** A divergence as lines: equal ones, then `-` those of `a` and `+` those of `b`. */
export function divergenceLines({ before, a, b }: Divergence): string[] {
  const sided = (mark: string, lines: readonly string[]): string[] =>
    (lines.length > 0 ? lines : ["(nothing more)"]).map((line) => `  ${mark} ${line}`);
  return [...before.map((line) => `    ${line}`), ...sided("-", a), ...sided("+", b)];
}
