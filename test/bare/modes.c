/* Kernel and user mode, and the transitions between them: what user mode may do, with and without CU0; exceptions
   within exceptions; vectors that move with EBase and BEV; eret by EPC and ErrorEPC; the link of ll. */

#include "bare.h"

#define USER_CODE ((word *)0x00400000)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Instructions that only the kernel may run, including those that would leave user mode's code or change the test's
   own state if CU0 is set. */
INSTRUCTIONS(leaving, I("mtc0 $4, $14") I("tlbr") I("tlbwi") I("tlbwr") I("tlbp") I("eret") I("wait"));
INSTRUCTIONS(privileged,
  I("mfc0 $2, $12") I("mfc0 $2, $15, 1") I("deret") I("di") I("di $2") I("ei $2") I("cache 0, 0($5)")
  I("cache 0x15, 0($5)")
  NAMED("rdpgpr $2, $4", ".word 0x41441000") NAMED("wrpgpr $2, $4", ".word 0x41c41000")
  NAMED("cop0 co 07", ".word 0x42000007") NAMED("cop0 rs 02", ".word 0x40400000")
  NAMED("mfc1", ".word 0x44020000") NAMED("lwc1", ".word 0xc4800000") NAMED("sdc1", ".word 0xf4800000")
  NAMED("movf", ".word 0x00801001") NAMED("madd.s", ".word 0x4c000020")
  I("rdhwr $2, $0") I("rdhwr $2, $1") I("rdhwr $2, $3") NAMED("rdhwr $2, $29", ".word 0x7c02e83b")
  I("syscall") I("break") I("teq $0, $0") I("sync") I("synci 0($5)") I("pref 4, 0($5)") I("ssnop") I("ehb")
  I("addu $2, $4, $5"));
INSTRUCTIONS(pieces, I("mtc0 $4, $12") I("ehb"));
INSTRUCTIONS(branch, I("b .+8"));

/* Exceptions of every kind of vector; nothing is mapped at a1 = 0x00600000, and a2 is odd. */
INSTRUCTIONS(causes, I("syscall") I("break 3") I("teq $0, $0") I("lw $2, 0($5)") I("sw $2, 0($5)") I("lw $2, 0($6)")
  I("sh $2, 0($6)") NAMED("reserved", ".word 0x0000003e") NAMED("mfc1", ".word 0x44020000") I("add $2, $7, $7"));
static const word OPERANDS[3] = {0x00600000, 0x80300001, 0x7fffffff};

/* Runs an instruction after Status was written by mtc0. This sets EXL, ERL and BEV, which eret would clear. */
static void under(word status, const struct instruction *instruction, int inSlot) {
  const word arguments[4] = {status, OPERANDS[0], OPERANDS[1], OPERANDS[2]};
  volatile word *at = CODE;
  put(at++, &pieces[0].word, 1);
  put(at++, &pieces[1].word, 1);
  if (inSlot) put(at++, &branch->word, 1);
  put(at++, &instruction->word, 1);
  put(at, back, 2);
  attempt(CODE, arguments, 0);
  report(instruction->text);
}

static void everyCause(word status) {
  print("Status %x\n", status);
  for (const struct instruction *i = causes; i->text; i++) {
    under(status, i, 0);
    under(status, i, 1);
  }
}

static word otherVectors[0x400] __attribute__((aligned(0x1000)));

static void userMode(const struct instruction *table, word status) {
  static const word arguments[4] = {0x00400004, 0x00401000, 0, 0};
  for (const struct instruction *i = table; i->text; i++) {
    put(CODE, &i->word, 1);
    put(CODE + 1, systemCall, 2);
    attempt(USER_CODE, arguments, status);
    report(i->text);
  }
}

INSTRUCTIONS(branches, I("b .+16") I("beq $4, $5, .+16") I("beql $4, $4, .+16") I("bgezal $0, .+16")
  I("jalr $2, $7"));

void run(void) {
  extern const word vectors[], vectors_end[];
  settle();
  setTlb(0, 0x00400000, lo(CODE_PHYSICAL, V | G | CACHED), lo(PAGES, V | D | G | CACHED), 0);

  print("-- user mode\n");
  userMode(leaving, USER);
  userMode(privileged, USER);
  print("-- user mode with CU0\n");
  userMode(privileged, USER | CU0);
  print("-- user mode with CU1, which can't be set\n");
  userMode(privileged, USER | 0x20000000);

  print("-- Status in the handler, and after it\n");
  put(CODE, systemCall, 1);
  put(CODE + 1, systemCall, 2);
  static const word modes[] = {USER, USER | IM(0), USER | CU0, USER | IM(7) | IM(3), USER | 0x02000000};
  for (word i = 0; i < COUNT(modes); i++) {
    static const word none[4];
    attempt(USER_CODE, none, modes[i]);
    report("syscall");
    resume(modes[i], 4);
    report("and on");
  }

  print("-- within an exception\n");
  everyCause(0);
  everyCause(EXL);
  everyCause(ERL);
  everyCause(EXL | ERL);
  everyCause(EXL | USER);
  print("-- the ROM's vectors\n");
  everyCause(BEV);
  everyCause(BEV | EXL);
  everyCause(BEV | ERL);
  print("-- vectors at another EBase\n");
  put(otherVectors, vectors, vectors_end - vectors);
  for (word at = 3; at < (word)(vectors_end - vectors); at += 4)
    if (otherVectors[at]) otherVectors[at] |= MOVED;
  word ebase = mfc0(15, 1);
  mtc0(15, 1, otherVectors);
  everyCause(0);
  mtc0(15, 1, (word)otherVectors & 0x3ffff000);
  under(0, causes, 0);
  mtc0(15, 1, ebase);
  everyCause(0);

  print("-- eret by EPC and by ErrorEPC\n");
  static const struct {
    word status, epc, errorEpc;
  } returns[] = {{EXL, 24, 32}, {ERL, 24, 32}, {EXL | ERL, 24, 32}, {0, 24, 32}};
  asm(".pushsection .rodata\n\t.align 2\n\t.set push\n\t.set noreorder\nreturning:\n"
      "\tmtc0 $5, $14\n\tmtc0 $6, $30\n\tmtc0 $4, $12\n\tehb\n\teret\n\tli $3, 9\n" /* 0..20 */
      "\tmfc0 $2, $12\n\tb .+16\n\tmfc0 $2, $12\n\tli $3, 2\n\tjr $t8\n\tmtc0 $0, $12\n\tli $3, 1\n"
      "\tjr $t8\n\tmtc0 $0, $12\n"
      "\t.set pop\n\t.popsection");
  extern const word returning[];
  put(CODE, returning, 15);
  for (word i = 0; i < COUNT(returns); i++) {
    const word arguments[4] = {returns[i].status | BEV, (word)CODE + returns[i].epc,
        (word)CODE + returns[i].errorEpc, 0};
    attempt(CODE, arguments, 0);
    print("Status %x: ", arguments[0]);
    report("eret");
  }

  print("-- back into the branch whose slot was wrong\n");
  asm(".pushsection .rodata\n\t.align 2\n\t.set push\n\t.set noreorder\n"
      "slot:\tlw $6, 0x80($6)\n\tjr $t8\n\tmove $3, $6\n\tjr $t8\n\taddiu $3, $6, 1\n\t.set pop\n\t.popsection");
  extern const word slot[];
  KSEG1(PAGES + 0x80) = 0x5500;
  for (const struct instruction *i = branches; i->text; i++) {
    const word arguments[4] = {1, 2, 0xc0000000, (word)CODE + 16};
    setTlb(3, 0xc0000000, 0, 0, 0);
    put(CODE, &i->word, 1);
    put(CODE + 1, slot, 5);
    attempt(CODE, arguments, 0);
    report(i->text);
    setTlb(3, 0xc0000000, lo(PAGES, V), 0, 0);
    resume(0, 0);
    report("again");
  }

  print("-- the link of ll\n");
  asm(".pushsection .rodata\n\t.align 2\n\t.set push\n\t.set noreorder\n"
      "kept_:\tll $2, 0($4)\n\tli $3, 7\n\tsc $3, 0($4)\n\tjr $t8\n\tnop\n"
      "broken:\tll $2, 0($4)\n\tli $3, 8\n\tsyscall\n\tsc $3, 0($4)\n\tjr $t8\n\tnop\n"
      "twice:\tll $2, 0($4)\n\tli $3, 9\n\tsc $3, 0($4)\n\tli $3, 10\n\tsc $3, 0($4)\n\tjr $t8\n\tnop\n"
      "elsewhere:\tll $2, 0($4)\n\tli $3, 11\n\tsc $3, 64($4)\n\tjr $t8\n\tnop\n"
      "clean:\tll $2, 0($5)\n\tli $3, 12\n\tsc $3, 0($5)\n\tjr $t8\n\tnop\n\t.set pop\n\t.popsection");
  extern const word kept_[], broken[], twice[], elsewhere[], clean[];
  setTlb(3, 0xc0000000, lo(PAGES, V), 0, 0);
  static const word arguments[4] = {0x80000000 + PAGES + 0x100, 0xc0000100, 0, 0};
  put(CODE, kept_, 5);
  attempt(CODE, arguments, 0);
  report("ll, sc");
  put(CODE, broken, 6);
  attempt(CODE, arguments, 0);
  report("ll, syscall");
  resume(0, 4);
  report("eret, sc");
  put(CODE, twice, 7);
  attempt(CODE, arguments, 0);
  report("ll, sc, sc");
  put(CODE, elsewhere, 5);
  attempt(CODE, arguments, 0);
  report("ll, sc elsewhere");
  put(CODE, clean, 5);
  attempt(CODE, arguments, 0);
  report("ll, sc to a clean page");
  print("%x %x\n", KSEG1(PAGES + 0x100), KSEG1(PAGES + 0x140));
}
