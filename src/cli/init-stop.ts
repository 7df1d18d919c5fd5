// Where an init function stopped that didn't return: the registers and the code go to stderr, with the lines of the
// source if they are wanted. The sentence about it is the refusal's own.

import type { Address } from "../address.ts";
import { InitStopped, type LoadedModule } from "../index.ts";
import type { Paint } from "../report/paint.ts";
import { type SourceAt, stopText } from "../report/stop-text.ts";
import type { SourceLines } from "./options/lines.ts";
import type { RunningSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Loads a module for a command that runs its init function.
 * @throws Refusal as load() does, after it has shown where the init function stopped.
 */
export function loadShowingStop(
  session: RunningSession,
  lines: SourceLines | null,
  terminal: Terminal,
): LoadedModule {
  try {
    return session.load();
  } catch (error) {
    const { modules } = session.machine;
    terminal.note(initStopText(error, modules, lines, terminal.notePaint));
    throw error;
  }
}

/**
 * The registers and the code, whole lines; empty for any other error.
 * @param modules those that are loaded; the one that stopped isn't any more.
 */
export function initStopText(
  error: unknown,
  modules: readonly LoadedModule<Address>[],
  lines: SourceLines | null,
  paint: Paint,
): string {
  if (!(error instanceof InitStopped)) return "";
  return stopText(error.stop, paint, initSource(error, modules, lines));
}

/** The lines of the addresses of a machine whose module was freed when its init function stopped. */
export function initSource(
  { module }: InitStopped,
  modules: readonly LoadedModule<Address>[],
  lines: SourceLines | null,
): SourceAt | undefined {
  return lines?.in({ modules: [...modules, module] });
}
