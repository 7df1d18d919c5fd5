/* The declarations that every ROM uses: output, CP0, TLB entries, and attempts, pieces of code that may end in an
   exception. */

#include "trap.h"

typedef unsigned int word;

/* Bits of CP0's registers. */
#define IE 0x00000001
#define EXL 0x00000002
#define ERL 0x00000004
#define USER 0x00000010
#define SUPERVISOR 0x00000008
#define BEV 0x00400000
#define CU0 0x10000000
#define IM(line) (0x100u << (line))
#define IV 0x00800000
#define TI 0x40000000
#define BD 0x80000000
#define G 1
#define V 2
#define D 4
#define UNCACHED (2 << 3)
#define CACHED (3 << 3)

/* RAM that the tests use: all of it is 0 at first. */
#define CODE ((volatile word *)0x80200000) /* attempts are assembled here */
#define CODE_PHYSICAL 0x00200000
#define PAGES 0x00300000 /* physical pages to map */

#define KSEG0(physical) (*(volatile word *)(0x80000000 + (physical)))
#define KSEG1(physical) (*(volatile word *)(0xa0000000 + (physical)))

#define mfc0(register, select)                                                    \
  ({                                                                              \
    word value_;                                                                  \
    asm volatile("mfc0 %0, $" #register ", " #select : "=r"(value_) : : "memory"); \
    value_;                                                                       \
  })
#define mtc0(register, select, value)                                      \
  asm volatile("mtc0 %0, $" #register ", " #select "\n\tehb" : : "r"((word)(value)) : "memory")

/* A piece of code with its text and its word, and tables of them. */
struct instruction {
  const char *text;
  word word;
};
#define INSTRUCTIONS(name, rows)                                                          \
  asm(".pushsection .rodata\n\t.align 2\n\t.set push\n\t.set noreorder\n\t.set noat\n" #name ":\n" rows \
      "\t.word 0, 0\n\t.set pop\n\t.popsection");                                         \
  extern const struct instruction name[]
/* An instruction, and one that is printed under another name. */
#define I(text) NAMED(text, text)
#define NAMED(name, text)                                                                  \
  "\t.word 7f\n\t" text "\n\t.pushsection .rodata.text\n7:\t.asciz \"" name "\"\n\t.popsection\n"

/* rom.S */
struct trap {
  word vector, cause, epc, status, badVAddr, context, entryHi, errorEpc, v0, v1, ra, unused, a0, a1, a2, a3, debug,
      depc;
};
extern volatile struct trap trap;
void attempt(volatile const word *code, const word arguments[4], word status);
void resume(word status, word skip);

/* runtime.c */
extern word console;
void print(const char *format, ...);
void report(const char *what);
void tell(void);
void try(const struct instruction *instruction, const word arguments[4], word status);
void put(volatile word *at, const word *code, word words);
void setTlb(word index, word hi, word lo0, word lo1, word mask);
word lo(word physical, word bits);
void clearTlb(void);

/* Defined by each ROM. */
void run(void);
void settle(void);

extern const word back[], systemCall[];
