/* Caches, which are invisible to a program: cache operations of every kind leave memory unchanged, and newly written
   code runs after synci. */

#include "bare.h"

#define CACHE 0xbc800000 /* cache 0, 0(a0) */
#define SYNCI 0x049f0000 /* synci 0(a0) */
#define PREF 0xcc800000  /* pref 0, 0(a0) */
#define ADDIU 0x24020000 /* addiu v0, $0, 0 */
#define DATA 0x00340000

/* QEMU keeps a tag for these; index store tag would fill a line with it. */
static int ofTags(word operation) { return (operation >> 2) == 1 || (operation >> 2) == 2; }

static void access(const char *what, word instruction, word va, word status) {
  const word arguments[4] = {va, 0, 0, 0};
  put(CODE, &instruction, 1);
  put(CODE + 1, status & USER ? systemCall : back, 2);
  attempt(status & USER ? (word *)0x00400000 : CODE, arguments, status);
  print("%s %x ", what, va);
  report("");
}

static word sum(void) {
  word total = 0;
  for (word at = 0; at < 0x4000; at += 4) total = total * 31 + KSEG1(DATA + at);
  return total;
}

void run(void) {
  settle();
  setTlb(0, 0x00400000, lo(CODE_PHYSICAL, V | G | CACHED), lo(DATA, V | D | G | CACHED), 0);
  mtc0(10, 0, 0);
  for (word at = 0; at < 0x4000; at += 4) KSEG0(DATA + at) = at * 0x01010101;
  asm volatile("sync");
  word before = sum();

  print("-- cache operations\n");
  for (word operation = 0; operation < 32; operation++) {
    print("%u ", operation);
    access("cache", CACHE | operation << 16, 0x80000000 + DATA + 4 * operation, 0);
    if (!ofTags(operation)) {
      print("%u ", operation);
      access("cache", CACHE | operation << 16, 0x00401000, 0);
    }
    print("%u ", operation);
    access("cache", CACHE | operation << 16, 0x80000000 + DATA + 4 * operation, USER);
  }
  print("memory %s\n", sum() == before ? "kept" : "changed");

  print("-- prefetches\n");
  for (word hint = 0; hint < 32; hint++) {
    print("%u ", hint);
    access("pref", PREF | hint << 16, 0x80000000 + DATA, 0);
    if (hint % 8 == 0) {
      access("pref, nothing there", PREF | hint << 16, 0x00600001, 0);
      access("pref, user", PREF | hint << 16, 0x80000001, USER);
    }
  }

  print("-- synci\n");
  access("synci", SYNCI, 0x80000000 + DATA, 0);
  access("synci", SYNCI, 0x00401004, 0);
  access("synci", SYNCI, 0x00401005, USER);

  print("-- code that changes under the processor\n");
  for (word i = 0; i < 20; i++) {
    word code = ADDIU | i * 3;
    static const word none[4];
    put(CODE, &code, 1);
    put(CODE + 1, back, 2);
    attempt(CODE, none, 0);
    print("%u ", trap.v0);
    /* The same page through other addresses: the code is written through kseg1 and runs in kseg0. */
    KSEG1(CODE_PHYSICAL) = ADDIU | (i * 3 + 1);
    asm volatile("synci 0(%0)\n\tsync\n\tehb" : : "r"(CODE) : "memory");
    attempt(CODE, none, 0);
    print("%u ", trap.v0);
    /* Then it runs in useg. */
    KSEG0(CODE_PHYSICAL) = ADDIU | (i * 3 + 2);
    asm volatile("synci 0(%0)\n\tsync\n\tehb" : : "r"(CODE) : "memory");
    put(CODE + 1, systemCall, 2);
    attempt((word *)0x00400000, none, USER);
    print("%u\n", trap.v0);
  }
  print("memory %s\n", sum() == before ? "kept" : "changed");
}
