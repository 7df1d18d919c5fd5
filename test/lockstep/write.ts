// Replaces the stored outcomes: npm run lockstep. Needs the cross compilers and QEMU.

import { runOnQemu } from "../vectors/qemu.ts";
import { programDigest, stopDigest, writeDigests } from "./digest.ts";
import { programNumber, STORED } from "./seeds.ts";

const programs = Array.from({ length: STORED }, (_, n) => programNumber(n));
const little = runOnQemu("little", programs);
const big = runOnQemu("big", programs);
const size = writeDigests(
  programs.map((program, n) => ({
    program: programDigest(program),
    stops: {
      little: (little[n] ?? []).map(stopDigest),
      big: (big[n] ?? []).map(stopDigest),
    },
  })),
);
const words = programs.reduce((sum, program) => sum + program.words.length, 0);
const stops = [...little, ...big].reduce((sum, list) => sum + list.length, 0);
console.log(
  `${STORED} programs, ${words} words, ${stops} stops in both byte orders, ${size} bytes`,
);
