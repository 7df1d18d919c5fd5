/* Random TLB operations: entries of every size up to 1 MiB come and go, ASIDs change, and every mode loads, stores
   and fetches through the entries. The ROM prints a running sum of the results, and one attempt in a hundred. No two
   entries ever match the same address: each has its own part of the address space. */

#include "bare.h"

#define STEPS 20000
#define TOLD 100
#define ENTRIES 15 /* the last holds the code that other modes run */
#define SIZES 5    /* 4 KiB, 16 KiB, 64 KiB, 256 KiB, 1 MiB */
#define ASIDS 2
#define PART 0x02000000
#define USER_CODE ((volatile word *)0x7ff00000)
/* All pages are in these two megabytes. */
#define PHYSICAL 0x01000000
#define PHYSICAL_SIZE 0x00200000
/* Any word made of such bytes is reserved, so a successful fetch raises RI. */
#define RESERVED(value) (0x60606060 | ((value) & 0x0f0f0f0f))

INSTRUCTIONS(accesses, I("lw $2, 0($4)") I("lbu $2, 0($4)") I("lb $2, 0($4)") I("lh $2, 0($4)") I("lhu $2, 0($4)")
  I("lwl $2, 0($4)") I("lwr $2, 0($4)") I("ll $2, 0($4)") I("sw $5, 0($4)") I("sb $5, 0($4)") I("sh $5, 0($4)")
  I("swl $5, 0($4)") I("swr $5, 0($4)") I("jr $4"));
#define ACCESSES 14
#define FETCH 13

static const word MODES[] = {0, 0, 0, USER, SUPERVISOR};
#define MODE_COUNT 5

static word state, sum;
/* Each entry's first address, and its PageMask. */
static word parts[ENTRIES], masks[ENTRIES];

/* Marsaglia's xorshift. */
static word random(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static word below(word limit) { return (random() >> 4) % limit; }

static void add(word value) { sum = (sum << 5 | sum >> 27) ^ value; }

/* G, V and D: usable in about half of the cases. */
static word bits(void) { return (below(4) ? V : 0) | (random() & (G | D)); }

static void newEntry(void) {
  word index = below(ENTRIES);
  word mask = ((1u << 2 * below(SIZES)) - 1) << 13, size = (mask | 0x1fff) / 2 + 1;
  word segment = below(2) ? 0 : 0xc0000000;
  masks[index] = mask;
  parts[index] = segment + index * PART + (random() & (PART - 1) & ~(mask | 0x1fff));
  word page[2];
  for (int half = 0; half < 2; half++) page[half] = PHYSICAL + (random() & (PHYSICAL_SIZE - 1) & ~(size - 1));
  setTlb(index, parts[index] | below(ASIDS), lo(page[0], bits()), lo(page[1], bits()), mask);
}

/* An address in an entry's pair of pages, or just behind it. */
static word somewhere(void) {
  word index = below(ENTRIES), pair = (masks[index] | 0x1fff) + 1;
  word va = parts[index] + (random() & (pair - 1));
  if (below(8) == 0) va += pair;
  return below(8) ? va & ~3 : va;
}

static void step(word number) {
  word choice = below(4);
  if (choice == 0) newEntry();
  if (choice == 1) mtc0(10, 0, below(ASIDS));
  word access = below(ACCESSES);
  const struct instruction *instruction = accesses + access;
  /* There are no jumps to an odd address, for the reasons given in addresses.c. */
  word va = access == FETCH ? somewhere() & ~3 : somewhere();
  const word arguments[4] = {va, RESERVED(random()), 0, 0};
  word mode = MODES[below(MODE_COUNT)];
  put(CODE, &instruction->word, 1);
  CODE[1] = 0;
  put(CODE + 2, mode ? systemCall : back, 2);
  attempt(mode ? USER_CODE : CODE, arguments, mode);
  add(trap.vector);
  if (trap.vector != RETURNED) {
    add(trap.cause & (BD | 0x7c));
    add(trap.epc);
    add(trap.status);
  }
  add(trap.badVAddr);
  add(trap.context);
  add(trap.entryHi);
  add(trap.v0);
  if (number % TOLD == 0) {
    print("%u %x %x ", number, sum, arguments[0]);
    report(instruction->text);
  }
}

void run(void) {
  settle();
  state = 2463534242u;
  for (word at = 0; at < PHYSICAL_SIZE; at += 4) KSEG0(PHYSICAL + at) = RESERVED(at >> 2 ^ at >> 7 ^ at >> 12);
  setTlb(ENTRIES, (word)USER_CODE, lo(CODE_PHYSICAL, V | G | CACHED), lo(CODE_PHYSICAL, V | G | CACHED), 0);
  for (word number = 0; number < STEPS; number++) step(number);
  for (word at = 0; at < PHYSICAL_SIZE; at += 4) add(KSEG0(PHYSICAL + at));
  print("memory %x\n", sum);
}
