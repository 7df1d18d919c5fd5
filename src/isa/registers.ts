// Register numbers and names, as binutils prints them for o32 and n64: general registers, CP0 registers of MIPS32
// Release 2, hardware registers of rdhwr. The keys of CP0 are the manual's numbers, register and select.

/** Numbers of the general registers, under their o32 names. */
export const R = {
  zero: 0,
  at: 1,
  v0: 2,
  v1: 3,
  a0: 4,
  a1: 5,
  a2: 6,
  a3: 7,
  t0: 8,
  t1: 9,
  t2: 10,
  t3: 11,
  t4: 12,
  t5: 13,
  t6: 14,
  t7: 15,
  s0: 16,
  s1: 17,
  s2: 18,
  s3: 19,
  s4: 20,
  s5: 21,
  s6: 22,
  s7: 23,
  t8: 24,
  t9: 25,
  k0: 26,
  k1: 27,
  gp: 28,
  sp: 29,
  s8: 30,
  ra: 31,
} as const;

const GENERAL: readonly string[] = Object.keys(R);

/** n64 passes eight arguments in registers: o32's t0 to t3 are a4 to a7, and t0 to t3 come after. */
const GENERAL_N64 = GENERAL.map((name, register) =>
  register >= 8 && register < 12
    ? `a${register - 4}`
    : register >= 12 && register < 16
      ? `t${register - 12}`
      : name,
);

/** The name of general register 0 to 31 in o32 (32 bits) or n64 (64 bits). */
export function registerName(register: number, bits: 32 | 64 = 32): string {
  return (bits === 64 ? GENERAL_N64 : GENERAL)[register] as string;
}

/** CP0 names by register and, within one, by select, up to the last select with a name of its own. */
const CP0: Readonly<Record<number, string>> = {
  0: "index mvpcontrol mvpconf0 mvpconf1",
  1: "random vpecontrol vpeconf0 vpeconf1 yqmask vpeschedule vpeschefback",
  2: "entrylo0 tcstatus tcbind tcrestart tchalt tccontext tcschedule tcschefback",
  3: "entrylo1",
  4: "context contextconfig",
  5: "pagemask pagegrain",
  6: "wired srsconf0 srsconf1 srsconf2 srsconf3 srsconf4",
  7: "hwrena",
  8: "badvaddr",
  9: "count",
  10: "entryhi",
  11: "compare",
  12: "status intctl srsctl srsmap",
  13: "cause",
  14: "epc",
  15: "prid ebase",
  16: "config config1 config2 config3",
  17: "lladdr",
  18: "watchlo watchlo,1 watchlo,2 watchlo,3 watchlo,4 watchlo,5 watchlo,6 watchlo,7",
  19: "watchhi watchhi,1 watchhi,2 watchhi,3 watchhi,4 watchhi,5 watchhi,6 watchhi,7",
  20: "xcontext",
  23: "debug tracecontrol tracecontrol2 usertracedata tracebpc",
  24: "depc",
  25: "perfcnt perfcnt,1 perfcnt,2 perfcnt,3 perfcnt,4 perfcnt,5 perfcnt,6 perfcnt,7",
  26: "errctl",
  27: "cacheerr cacheerr,1 cacheerr,2 cacheerr,3",
  28: "taglo datalo taglo1 datalo1 taglo2 datalo2 taglo3 datalo3",
  29: "taghi datahi taghi1 datahi1 taghi2 datahi2 taghi3 datahi3",
  30: "errorepc",
  31: "desave",
};

/** CP0 register and select, "c0_status"; "$9,6" if the manual has no name. */
export function cp0Name(register: number, select: number): string {
  const name = CP0[register]?.split(" ")[select];
  if (name) return `c0_${name}`;
  return select === 0 ? `$${register}` : `$${register},${select}`;
}

const HARDWARE = ["hwr_cpunum", "hwr_synci_step", "hwr_cc", "hwr_ccres"];

/** Hardware register of rdhwr, "hwr_ccres"; "$29" if binutils has no name. */
export function hardwareRegisterName(register: number): string {
  return HARDWARE[register] ?? `$${register}`;
}

const CONTROL: Readonly<Record<number, string>> = {
  0: "c1_fir",
  1: "c1_ufr",
  4: "c1_unfr",
  25: "c1_fccr",
  26: "c1_fexr",
  28: "c1_fenr",
  31: "c1_fcsr",
};

/** Control register of coprocessor 1, "c1_fcsr"; "$12" if binutils has no name. */
export function controlRegisterName(register: number): string {
  return CONTROL[register] ?? `$${register}`;
}
