// Makes the machines of `bench` and `cost` from the options: a new one with the module loaded for each run.

import type { Open } from "../index.ts";
import type { CallText } from "./call/call-text.ts";
import { placeCall } from "./call/place.ts";
import { Session, type SessionOptions, type Source } from "./session.ts";

/**
 * @param options the run replaces their engine and veneers.
 */
export function opener(
  source: Source,
  call: CallText,
  {
    engine: _engine,
    veneers: _veneers,
    ...options
  }: Omit<SessionOptions, "engine"> & { engine?: unknown },
): Open {
  return async (engine, veneers) => {
    const session = await Session.open(source, {
      ...options,
      engine,
      ...(veneers === undefined ? {} : { veneers }),
    });
    const module = session.load();
    const { machine } = session;
    return { machine, module, args: placeCall(call, machine, source.file).values };
  };
}
