// Why a board's run ended, as a type that the board and its parts share. The parts decide when a run ends; the board
// ends it.

import type { DeviceStop } from "./device.ts";

/**
 * Why a run ended. until: the text came; instructions, time: the limits; power-off, reset, device: a device asked
 * for it; panic: the kernel said so and has stopped; halted: the processor waits, and nothing will end that; idle:
 * it waits, with { idle: "return" }; stopped: stop() was called; fault: an exception without a handler;
 * breakpoint, watchpoint: a debugger's.
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
