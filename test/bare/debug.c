/* Debug mode: sdbbp enters it from any place, deret leaves it. rom.S returns from the debug vector by deret to the
   address that this program gives, and keeps Debug and DEPC as they were at the vector. */

#include "bare.h"

INSTRUCTIONS(breakpoints, I("sdbbp 0") I("sdbbp 0xfffff"));
INSTRUCTIONS(branches, I("b .+8") I("beq $0, $4, .+8") I("bnel $0, $4, .+8") I("bgezal $0, .+8") I("jr $5"));

static word at;

static void tellDebug(const char *what) {
  print("%l ", what);
  print("vector %u Debug %x DEPC code+%u, EPC %s, Cause %x Status %x\n", trap.vector, trap.debug, trap.depc - at,
        trap.epc == at ? "kept" : "lost", trap.cause & (BD | 0x7c), trap.status);
}

void run(void) {
  settle();
  static const word arguments[4] = {1, (word)(CODE + 2), 0, 0};
  setTlb(0, 0x00400000, lo(CODE_PHYSICAL, V | G | CACHED), lo(CODE_PHYSICAL, V | G | CACHED), 0);
  for (word mode = 0; mode <= USER; mode += USER) {
    at = mode ? 0x00400000 : (word)CODE;
    print(mode ? "-- in user mode\n" : "-- in kernel mode\n");
    for (const struct instruction *i = breakpoints; i->text; i++) {
      put(CODE, &i->word, 1);
      put(CODE + 1, systemCall, 2);
      attempt((word *)at, arguments, mode);
      tellDebug(i->text);
    }
    for (const struct instruction *i = branches; i->text; i++) {
      put(CODE, &i->word, 1);
      put(CODE + 1, &breakpoints->word, 1);
      put(CODE + 2, systemCall, 2);
      attempt((word *)at, arguments, mode);
      tellDebug(i->text);
    }
  }
  print("-- outside debug mode again\n");
  put(CODE, systemCall, 2);
  attempt((word *)0x00400000, arguments, USER);
  report("syscall");
  print("Debug %x\n", mfc0(23, 0));
}
