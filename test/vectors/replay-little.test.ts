// Runs the stored vectors in little-endian guests, on every reading of the instruction.

import { replay } from "./replay.ts";

replay("little");
