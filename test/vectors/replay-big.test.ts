// Runs the stored vectors in big-endian guests, on every reading of the instruction.

import { replay } from "./replay.ts";

replay("big");
