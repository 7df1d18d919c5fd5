/* Code that crosses from its page into a missing one: a branch whose delay slot is the first word of the next page,
   an untaken branch, and plain words; and how the code continues once the page is mapped. */

#include "bare.h"

#define PAGE_END 0x00402000 /* user and kernel code run in the page before it */
#define BACK 0x00401f00     /* target of taken branches */

/* Branches to BACK from right before PAGE_END, and instructions that are no branch. */
INSTRUCTIONS(last, I("nop") I("b .-0xfc") I("beq $0, $4, .-0xfc") I("bne $0, $4, .-0xfc") I("bgtz $4, .-0xfc")
  I("bltz $4, .-0xfc") I("bgezal $4, .-0xfc") I("bltzal $4, .-0xfc") I("bnel $0, $4, .-0xfc") I("bgtzl $4, .-0xfc")
  I("bgezall $4, .-0xfc") NAMED("j", ".word 0x081007c0") NAMED("jal", ".word 0x0c1007c0") I("jr $5") I("jalr $5")
  I("jr.hb $5") I("syscall") I("lw $2, 4($6)") I("lw $2, -1($6)"));
/* These skip their slot. QEMU needs the slot's page even so; the manual doesn't require it. */
INSTRUCTIONS(skipping, I("beql $0, $4, .-0xfc") I("blezl $4, .-0xfc") I("bltzall $4, .-0xfc"));
INSTRUCTIONS(slots, I("addiu $2, $0, 7") I("syscall 5") I("lw $2, 0($7)"));

static const word arguments[4] = {1, BACK, PAGE_END - 4, PAGE_END};

/* What is at PAGE_END: no entry, an invalid one, or a page. */
static const char *const NEXT[] = {"no next page", "invalid", "next page"};
#define THERE 2

static void map(word next) {
  setTlb(4, PAGE_END - 0x2000, 0, lo(PAGES, V | D | CACHED), 0);
  setTlb(5, next ? PAGE_END : 0x80000000, lo(PAGES + 0x1000, next == THERE ? V | CACHED : 0), 0, 0);
}

static void tellRa(void) {
  if (trap.ra == PAGE_END + 4) print("  ra behind the slot\n");
}

static void cross(const struct instruction *i, const struct instruction *slot, word next, word mode) {
  KSEG0(PAGES + 0xffc) = i->word;
  KSEG0(PAGES + 0x1000) = slot->word;
  map(next);
  print("%s, %s, %l ", mode ? "user" : "kernel", NEXT[next], i->text);
  attempt((volatile word *)(PAGE_END - 4), arguments, mode);
  report(slot->text);
  tellRa();
  if (next == THERE || trap.badVAddr != PAGE_END) return;
  /* Like a kernel: maps the page and returns. */
  map(THERE);
  resume(mode, 0);
  report("  again");
  tellRa();
}

void run(void) {
  settle();
  /* At BACK and after the slot: system calls, so that EPC shows where the code went. */
  for (word i = 0; i < 4; i++) KSEG0(PAGES + 0xf00 + 4 * i) = KSEG0(PAGES + 0x1004 + 4 * i) = systemCall[0];
  for (word mode = 0; mode <= USER; mode += USER)
    for (const struct instruction *slot = slots; slot->text; slot++) {
      for (word next = 0; next <= THERE; next++)
        for (const struct instruction *i = last; i->text; i++) cross(i, slot, next, mode);
      for (const struct instruction *i = skipping; i->text; i++) cross(i, slot, THERE, mode);
    }
}
