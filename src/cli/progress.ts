// The progress of long work, as a bar on stderr if that is a terminal.

import { SingleBar } from "cli-progress";
import type { Terminal } from "./terminal.ts";

/** A bar that the caller starts and stops; null if stderr is no terminal. */
export function progressBar({ progress }: Terminal): SingleBar | null {
  if (progress === null) return null;
  const format = "{bar} {value}/{total}, {eta_formatted} to go";
  return new SingleBar({ stream: progress, format, clearOnComplete: true, hideCursor: true });
}
