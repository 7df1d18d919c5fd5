/* CP0's registers: their values after reset, their writable bits, and the results of rdhwr. Count, Compare's
   interrupt and Random depend on time, so only their time-independent properties are printed. */

#include "bare.h"

#define MFC0 0x40020000 /* mfc0 v0, $0, 0 */
#define MTC0 0x40840000 /* mtc0 a0, $0, 0 */

#define NUMBER(register, select) ((register) * 8 + (select))

static int dependsOnTime(word number) { return number == NUMBER(1, 0) || number == NUMBER(9, 0); }

static word place(word number) { return (number >> 3) << 11 | (number & 7); }

/* The value that mfc0 reads after mtc0 of a value, or without an mtc0. Exceptions go to the ROM's vectors. */
static word access(word number, const word *value) {
  static word none[4];
  word arguments[4] = {value ? *value : 0, 0, 0, 0};
  word code[2] = {MTC0 | place(number), MFC0 | place(number)};
  put(CODE, value ? code : code + 1, value ? 2 : 1);
  put(value ? CODE + 2 : CODE + 1, back, 2);
  attempt(CODE, value ? arguments : none, BEV);
  if (trap.vector != RETURNED) {
    print("%u.%u ", number >> 3, number & 7);
    tell();
  }
  return trap.v0;
}

/* Reading a register that a processor doesn't have is UNPREDICTABLE: all zeros here, all ones on QEMU. */
static int absent(word one, word other) { return one == other && one + 1 <= 1; }

/* Left out: Status, which has its own part; EPC, which every attempt changes; registers of Release 5, where QEMU
   raises RI. */
static int leftAlone(word number) {
  return dependsOnTime(number) || number == NUMBER(12, 0) || number == NUMBER(14, 0) ||
         (number >= NUMBER(5, 5) && number <= NUMBER(5, 7)) || number == NUMBER(6, 6);
}

INSTRUCTIONS(hardware,
  NAMED("rdhwr CPUNum", ".word 0x7c02003b") NAMED("rdhwr SYNCI_Step", ".word 0x7c02083b")
  NAMED("rdhwr CCRes", ".word 0x7c02183b") NAMED("rdhwr 4", ".word 0x7c02203b") NAMED("rdhwr 28", ".word 0x7c02e03b")
  NAMED("rdhwr 30", ".word 0x7c02f03b") NAMED("rdhwr 31", ".word 0x7c02f83b"));

void run(void) {
  static word first[256];
  first[NUMBER(12, 0)] = mfc0(12, 0);
  first[NUMBER(13, 0)] = mfc0(13, 0);
  first[NUMBER(14, 0)] = mfc0(14, 0);
  for (word number = 0; number < 256; number++)
    if (!leftAlone(number) && number != NUMBER(13, 0)) first[number] = access(number, 0);
  print("-- after reset\n");
  for (word number = 0; number < 256; number++) {
    if (dependsOnTime(number)) continue;
    if (!absent(first[number], first[number])) print("%u.%u %x\n", number >> 3, number & 7, first[number]);
  }
  print("-- written with ones, and with zeros\n");
  static const word ones = 0xffffffff, zeros = 0, lastEntry = 15;
  for (word number = 0; number < 256; number++) {
    if (leftAlone(number)) continue;
    word set = access(number, number == NUMBER(0, 0) ? &lastEntry : &ones);
    word cleared = access(number, &zeros);
    access(number, first + number);
    if (!absent(set, cleared)) print("%u.%u %x %x\n", number >> 3, number & 7, set, cleared);
  }
  settle();
  print("-- Status\n");
  for (int bit = 0; bit < 32; bit++) {
    word value = 1u << bit;
    mtc0(12, 0, value | EXL);
    word with = mfc0(12, 0);
    mtc0(12, 0, 0);
    if (with != EXL || bit == 1) print("%x %x\n", value, with);
  }
  word eret = mfc0(12, 0);
  mtc0(12, 0, 0xffffffff & ~IE);
  word all = mfc0(12, 0);
  mtc0(12, 0, 0);
  print("%x %x\n", eret, all);
  print("-- PageMask\n");
  for (word bits = 0; bits < 0x10000; bits = bits * 2 + 1) {
    mtc0(5, 0, bits << 13);
    print("%x %x\n", bits << 13, mfc0(5, 0));
  }
  mtc0(5, 0, 0);
  print("-- Wired and Random\n");
  for (word wired = 0; wired < 16; wired++) {
    word lowest = 99, highest = 0;
    mtc0(6, 0, wired);
    for (int i = 0; i < 2000; i++) {
      word random = mfc0(1, 0);
      lowest = random < lowest ? random : lowest;
      highest = random > highest ? random : highest;
    }
    print("Wired %u Random %s\n", wired, lowest >= wired && highest < 16 ? "within" : "outside");
  }
  mtc0(6, 0, 0);
  print("-- Count and Compare\n");
  mtc0(9, 0, 0x12340000);
  word now = mfc0(9, 0);
  print("Count written: %s\n", now - 0x12340000 < 0x8000000 ? "goes on from there" : "lost");
  mtc0(11, 0, 0x87654321);
  print("Compare %x\n", mfc0(11, 0));
  mtc0(13, 0, 0x08000000);
  now = mfc0(9, 0);
  for (volatile int i = 0; i < 1000; i++) {
  }
  print("Cause.DC: Count %s\n", mfc0(9, 0) == now ? "stands" : "goes on");
  mtc0(13, 0, 0);
  print("-- rdhwr in kernel mode\n");
  static const word none[4];
  for (const struct instruction *i = hardware; i->text; i++) {
    try(i, none, 0);
    report(i->text);
  }
  print("-- and in user mode, by HWREna\n");
  setTlb(0, 0x00400000, lo(CODE_PHYSICAL, V | D | CACHED), lo(CODE_PHYSICAL, V | D | CACHED), 0);
  for (word enabled = 0; enabled < 5; enabled++) {
    mtc0(7, 0, enabled ? 1u << (enabled - 1) : 0);
    print("HWREna %x\n", mfc0(7, 0));
    for (const struct instruction *i = hardware; i->text; i++) {
      put(CODE, &i->word, 1);
      put(CODE + 1, systemCall, 2);
      attempt((word *)0x00400000, none, USER);
      report(i->text);
    }
  }
}
