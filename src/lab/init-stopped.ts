// The refusal of a module whose init function didn't return. Its words are those of any refusal; it also has the place
// where the function stopped, and the module, which the machine has freed by then.

import { Refusal } from "../errors.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { GuestStop } from "../processor/stop.ts";

export class InitStopped extends Refusal {
  /** Why and where it stopped, with the registers and the code around pc. */
  readonly stop: GuestStop;
  readonly module: LoadedModule;

  /** @param dmesg what the kernel and the function printed. */
  constructor(module: LoadedModule, stop: GuestStop, dmesg: readonly string[]) {
    const explanation = `${module.name}'s init function did not return: ${stop.message}`;
    super({ errno: null, dmesg, explanation });
    this.module = module;
    this.stop = stop;
  }
}
