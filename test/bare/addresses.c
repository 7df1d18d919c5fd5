/* Which addresses each mode may use, for loads, stores and fetches: alignment, segments, ERL's useg, and which
   exception has priority when an access is wrong in more than one way. */

#include "bare.h"

INSTRUCTIONS(accesses, I("lw $2, 0($4)") I("lb $2, 0($4)") I("sw $5, 0($4)") I("sb $5, 0($4)") I("lh $2, 0($4)")
  I("sh $5, 0($4)")
  I("lwl $2, 0($4)") I("lwr $2, 0($4)") I("swl $5, 0($4)") I("swr $5, 0($4)") I("ll $2, 0($4)")
  I("cache 0x15, 0($4)") I("pref 0, 0($4)"));
INSTRUCTIONS(jump, I("jr $4"));

#define USER_CODE 0x00400000

static const word ADDRESSES[] = {
    0x00400080, 0x00401080, 0x00402080, 0x7ffffffc, 0x80000000, 0x80300000, 0xa0300000,
    0xc0000000, 0xc0001000, 0xdffffffc, 0xe0000000, 0xe0001000, 0xfffffffc};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Code that runs in any mode: it is in a global page of useg, and ends in a system call. */
static void start(const struct instruction *instruction, const word arguments[4], word status) {
  put(CODE, &instruction->word, 1);
  CODE[1] = 0;
  put(CODE + 2, systemCall, 2);
  attempt((word *)USER_CODE, arguments, status);
}

static void everyAccess(word status) {
  for (word at = 0; at < COUNT(ADDRESSES); at++)
    for (const struct instruction *i = accesses; i->text; i++) {
      const word arguments[4] = {ADDRESSES[at], 0x77777777, 0, 0};
      start(i, arguments, status);
      print("%x ", ADDRESSES[at]);
      report(i->text);
    }
}

/* The addresses that a mode may jump to, and those it may not. QEMU takes odd addresses for MIPS16 code. It looks up
   the other addresses that are no multiple of 4 before it refuses them, so those listed here are in pages that the
   mode has. */
static void everyFetch(word status) {
  static const word targets[] = {0x00400082, 0x00401082, 0x00402080, 0x00406000, 0x80300002, 0xa0300002, 0x80300000,
                                 0xa0300000, 0xc0000002, 0xc0000000, 0xe0000000, 0xfffffff0, 0x7ffffffc};
  KSEG1(PAGES) = systemCall[0];
  for (word at = 0; at < COUNT(targets); at++) {
    if (status && targets[at] >> 31 && targets[at] & 3) continue;
    const word arguments[4] = {targets[at], 0, 0, 0};
    start(jump, arguments, status);
    print("%x ", targets[at]);
    report("jr");
  }
}

static void map(void) {
  clearTlb();
  mtc0(10, 0, 0);
  setTlb(0, USER_CODE, lo(CODE_PHYSICAL, V | G | CACHED), lo(PAGES, V | D | G | CACHED), 0);
  setTlb(1, 0xc0000000, lo(PAGES, V | D | G), lo(PAGES, V | G), 0);
  setTlb(2, 0xe0000000, lo(PAGES, V | D | G), lo(PAGES, V | G), 0);
}

INSTRUCTIONS(wrong, I("lw $2, 1($4)") I("lw $2, 2($4)") I("lh $2, 1($4)") I("lhu $2, 3($4)") I("sw $5, 3($4)")
  I("sh $5, 1($4)")
  I("ll $2, 2($4)"));

INSTRUCTIONS(plain, I("lw $2, 0($5)") I("sw $5, 4($5)") I("lw $2, 4($5)") I("lw $2, 2($5)"));
INSTRUCTIONS(withStatus, I("mtc0 $4, $12") I("ehb"));

void run(void) {
  settle();
  map();
  print("-- kernel mode\n");
  everyAccess(0);
  everyFetch(0);
  print("-- user mode\n");
  everyAccess(USER);
  everyFetch(USER);
  print("-- supervisor mode\n");
  everyAccess(SUPERVISOR);
  everyFetch(SUPERVISOR);
  print("-- alignment comes before everything else\n");
  static const word bases[] = {0x00500000, 0x00401000, 0x00400000, 0x80300000, 0xa0300000, 0xc0000000, 0xc0001000,
      0xe0400000};
  for (word mode = 0; mode < 2; mode++)
    for (word at = 0; at < COUNT(bases); at++)
      for (const struct instruction *i = wrong; i->text; i++) {
        const word arguments[4] = {bases[at], 0, 0, 0};
        start(i, arguments, mode ? USER : 0);
        print("%s %x ", mode ? "user" : "kernel", bases[at]);
        report(i->text);
      }

  print("-- useg while ERL is set\n");
  clearTlb();
  KSEG1(PAGES) = 0x12345678;
  KSEG1(PAGES + 4) = 0;
  for (const struct instruction *i = plain; i->text; i++) {
    static const word withErl[4] = {ERL | BEV, PAGES, 0, 0}, without[4] = {0, PAGES, 0, 0};
    put(CODE, &withStatus[0].word, 1);
    put(CODE + 1, &withStatus[1].word, 1);
    put(CODE + 2, &i->word, 1);
    put(CODE + 3, back, 2);
    attempt(CODE, withErl, 0);
    report(i->text);
    attempt(CODE, without, 0);
    report(i->text);
  }
  print("%x\n", KSEG1(PAGES + 4));
}
