// The reasons for which a board's run ends, as a type that the board and its parts share. The parts decide when a run
// ends; the board ends it.

import type { DeviceStop } from "./device.ts";

/**
 * Why a run ended. until: the text appeared; instructions, time: the limits; power-off, reset, device: a device
 * requested it; panic: the kernel printed its panic message and stopped; halted: the processor waits and no event will
 * wake it; idle: it waits, with { idle: "return" }; stopped: stop() was called; fault: an exception without a handler;
 * breakpoint, watchpoint: set by a debugger.
 */
export type BoardStop =
  | "until"
  | "instructions"
  | "time"
  | "panic"
  | "halted"
  | "idle"
  | "stopped"
  | "fault"
  | "breakpoint"
  | "watchpoint"
  | DeviceStop;
