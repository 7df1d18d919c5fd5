// LWL, LWR, SWL and SWR as pure functions on words: which bytes of a register and of the aligned word in
// memory are exchanged. Both byte orders share the formulas, which need only the number of bits of the word above
// or below the addressed byte.

/** Bits of the word above the addressed byte. */
function above(va: u32): u32 {
  return BIG_ENDIAN ? (va & 3) << 3 : (~va & 3) << 3;
}

/** Bits of the word below the addressed byte. */
function below(va: u32): u32 {
  return BIG_ENDIAN ? (~va & 3) << 3 : (va & 3) << 3;
}

/** LWL: memory's bytes from va down come in at the top of the register. */
export function mergeLeft(register: u32, memory: u32, va: u32): u32 {
  const up = above(va);
  return (memory << up) | (register & ~(0xffffffff << up));
}

/** LWR: memory's bytes from va up come in at the bottom of the register. */
export function mergeRight(register: u32, memory: u32, va: u32): u32 {
  const down = below(va);
  return (memory >>> down) | (register & ~(<u32>0xffffffff >>> down));
}

/** SWL: the top of the register goes to memory from va down. */
export function spreadLeft(memory: u32, register: u32, va: u32): u32 {
  const up = above(va);
  return (register >>> up) | (memory & ~(<u32>0xffffffff >>> up));
}

/** SWR: the bottom of the register goes to memory from va up. */
export function spreadRight(memory: u32, register: u32, va: u32): u32 {
  const down = below(va);
  return (register << down) | (memory & ~(0xffffffff << down));
}
