/* Interrupts: the timer and the software lines, their masks, their vectors, and the instruction before which they are
   taken; wait; di and ei. The ROM prints no durations, only that an interrupt comes. */

#include "bare.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SOON 20000 /* ticks of Count */
#define IP(line) (0x100u << (line))
#define TIMER 7

/* Cause.IP's bits that the processor itself sets; on the board others follow its devices. */
#define OWN_LINES 0x83

static const word none[4];

static void compare(word ticks) { mtc0(11, 0, mfc0(9, 0) + ticks); }

/* Waits until the timer's interrupt is pending, even if it is masked. */
static void untilTimer(void) {
  compare(SOON);
  while (!(mfc0(13, 0) & TI)) {
  }
}

/* The pending interrupts of Cause, as the handler read them. */
static void pending(const char *what) {
  print("%l ", what);
  print("IP %x%s%s ", (trap.cause >> 8) & OWN_LINES, trap.cause & TI ? " TI" : "", trap.cause & IV ? " IV" : "");
  tell();
}

INSTRUCTIONS(four, I("nop") I("nop") I("nop") I("nop"));
INSTRUCTIONS(forever, I("b .+0"));
INSTRUCTIONS(stopped, I("wait"));
INSTRUCTIONS(switching, I("mtc0 $4, $12") I("mtc0 $4, $13") I("ei") I("di $2") I("ei $2"));
INSTRUCTIONS(barrier, I("ehb"));
INSTRUCTIONS(branch, I("b .+8"));

/* Runs four words that do nothing, with the interrupts that status enables. */
static void start(word status, const char *what) {
  for (word i = 0; i < 4; i++) put(CODE + i, &four[0].word, 1);
  put(CODE + 4, back, 2);
  attempt(CODE, none, status);
  pending(what);
}

/* One instruction with a0, between words that do nothing. */
static void step(const struct instruction *instruction, word a0, word status) {
  const word arguments[4] = {a0, 0, 0, 0};
  put(CODE, &four[0].word, 1);
  put(CODE + 1, &instruction->word, 1);
  put(CODE + 2, &barrier->word, 1);
  put(CODE + 3, &four[0].word, 1);
  put(CODE + 4, back, 2);
  attempt(CODE, arguments, status);
  pending(instruction->text);
}

void run(void) {
  settle();
  setTlb(0, 0x00400000, lo(CODE_PHYSICAL, V | G | CACHED), lo(CODE_PHYSICAL, V | G | CACHED), 0);

  print("-- software interrupts, by Status.IM and IE\n");
  for (word lines = 0; lines < 4; lines++)
    for (word masks = 0; masks < 4; masks++) {
      mtc0(13, 0, lines << 8);
      print("%u %u ", lines, masks);
      start(masks << 8 | IE, "IE");
      print("%u %u ", lines, masks);
      start(masks << 8, "not IE");
    }
  print("-- with IV\n");
  mtc0(13, 0, IV | IP(1));
  start(IM(1) | IE, "IP1");
  start(IM(0) | IE, "IP0");
  mtc0(13, 0, IV | IP(0) | IP(1));
  start(IM(0) | IM(1) | IE, "both");
  start(IM(0) | IM(1) | IE | BEV, "both, BEV");
  mtc0(13, 0, IP(0));
  start(IM(0) | IE | BEV, "BEV without IV");
  print("-- in user mode\n");
  put(CODE, systemCall, 1);
  attempt((word *)0x00400000, none, USER | IM(0) | IE);
  pending("IP0");
  attempt((word *)0x00400000, none, USER | IM(1) | IE);
  pending("IP0, masked");
  mtc0(13, 0, 0);

  print("-- an instruction that lets one in\n");
  mtc0(13, 0, IP(0));
  step(switching, IM(0) | IE, 0);
  step(switching, IM(1) | IE, 0);
  step(switching, IM(0) | IE | EXL, 0);
  step(switching, IM(0) | IE | ERL, 0);
  step(switching + 2, 0, IM(0));
  step(switching + 4, 0, IM(0));
  step(switching + 2, 0, IM(1));
  mtc0(13, 0, 0);
  step(switching + 1, IP(0), IM(0) | IE);
  mtc0(13, 0, 0);
  step(switching + 1, IP(1), IM(0) | IE);
  mtc0(13, 0, 0);
  step(switching + 1, IP(1) | IV, IM(1) | IE);
  mtc0(13, 0, 0);
  print("-- in a delay slot\n");
  mtc0(13, 0, IP(0));
  for (word i = 0; i < 3; i += 2) {
    const word arguments[4] = {IM(0) | IE, 0, 0, 0};
    put(CODE, &branch->word, 1);
    put(CODE + 1, &switching[i].word, 1);
    put(CODE + 2, &four[0].word, 1);
    put(CODE + 3, back, 2);
    attempt(CODE, arguments, IM(0));
    pending(switching[i].text);
  }
  mtc0(13, 0, 0);
  print("-- di and ei tell Status as it was\n");
  for (word ie = 0; ie < 2; ie++)
    for (word i = 3; i < 5; i++) {
      put(CODE, &switching[i].word, 1);
      put(CODE + 1, &barrier->word, 1);
      put(CODE + 2, back, 2);
      attempt(CODE, none, IM(3) | (ie ? IE : 0));
      print("Status %x ", trap.status);
      report(switching[i].text);
    }

  print("-- the timer\n");
  mtc0(11, 0, mfc0(9, 0) - 1);
  print("Compare written: %s\n", mfc0(13, 0) & (TI | IP(TIMER)) ? "pending" : "clear");
  untilTimer();
  start(IM(6) | IE, "another mask");
  start(IM(TIMER), "not IE");
  start(IM(TIMER) | IE, "IM7 and IE");
  start(IM(TIMER) | IE, "again");
  mtc0(13, 0, 0);
  start(IM(TIMER) | IE, "Cause written");
  mtc0(13, 0, IV);
  start(IM(TIMER) | IE, "IV");
  mtc0(13, 0, IV | IP(0));
  start(IM(TIMER) | IM(0) | IE, "and IP0");
  start(IM(0) | IE, "IP0 alone let through");
  compare(0x40000000);
  start(IM(TIMER) | IM(0) | IE, "Compare written");
  mtc0(13, 0, 0);
  start(IM(TIMER) | IE, "none");
  print("Cause %x\n", mfc0(13, 0) & (0xffff0000 | OWN_LINES << 8));

  print("-- the timer ends a loop and a wait\n");
  for (word i = 0; i < 6; i++) {
    const struct instruction *end = i & 1 ? stopped : forever;
    int user = i >= 4;
    if (user && (i & 1)) continue;
    mtc0(13, 0, i & 2 ? IV : 0);
    put(CODE, &end->word, 1);
    put(CODE + 1, &four[0].word, 1);
    put(CODE + 2, &four[0].word, 1);
    compare(SOON);
    attempt(user ? (word *)0x00400000 : CODE, none, (user ? USER : 0) | IM(TIMER) | IE);
    print("%l IP %x%s Status %x vector %u ExcCode %u\n", end->text, (trap.cause >> 8) & OWN_LINES,
        trap.cause & TI ? " TI" : "",
          trap.status, trap.vector, (trap.cause >> 2) & 31);
    if (i & 1) print("EPC %x\n", trap.epc);
  }
  print("-- wait with an interrupt that is pending already\n");
  mtc0(11, 0, mfc0(9, 0) - 1);
  mtc0(13, 0, IP(1));
  put(CODE, &stopped->word, 1);
  attempt(CODE, none, IM(1) | IE);
  pending("IP1");

  print("-- Count goes on through Compare, and the timer comes again\n");
  mtc0(13, 0, 0);
  for (int i = 0; i < 3; i++) {
    mtc0(9, 0, 0xffffffff - 1000);
    mtc0(11, 0, 500);
    while (!(mfc0(13, 0) & TI)) {
    }
    word count = mfc0(9, 0);
    print("%s\n", count >= 500 && count < 0x10000000 ? "came behind the wrap" : "came at a wrong time");
  }
  untilTimer();
  mtc0(11, 0, 0);
  print("Cause %x\n", mfc0(13, 0) & (0xffff0000 | OWN_LINES << 8));
}
