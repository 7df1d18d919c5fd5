// How far long work has got, as a bar on stderr when someone looks at it.

import { SingleBar } from "cli-progress";
import type { Terminal } from "./terminal.ts";

/** A bar that its owner starts and stops; null when nobody would see it. */
export function progressBar({ progress }: Terminal): SingleBar | null {
  if (progress === null) return null;
  const format = "{bar} {value}/{total}, {eta_formatted} to go";
  return new SingleBar({ stream: progress, format, clearOnComplete: true, hideCursor: true });
}
