/* The C code that all ROMs share. Output goes to the board's CBUS UART, or, when a0 held an address at reset, into
   memory from there on: a length and that many characters. */

#include "bare.h"

#define UART_DATA (*(volatile unsigned char *)0xbf000900)
#define UART_STATUS (*(volatile unsigned char *)0xbf000928)
#define UART_EMPTY 0x20
#define SOFT_RESET (*(volatile word *)0xbf000500)
#define SOFT_RESET_NOW 0x42

word console;
static unsigned char ebase[0x1000] __attribute__((aligned(0x1000)));

static void character(char c) {
  if (console == 0) {
    while (!(UART_STATUS & UART_EMPTY)) {
    }
    UART_DATA = c;
  } else {
    volatile word *length = (volatile word *)console;
    *(volatile char *)(console + 4 + *length) = c;
    *length += 1;
  }
}

static void hex(word value) {
  for (int shift = 28; shift >= 0; shift -= 4) character("0123456789abcdef"[(value >> shift) & 15]);
}

static void decimal(word value) {
  if (value >= 10) decimal(value / 10);
  character('0' + value % 10);
}

/* %x: a word in hex; %u: a number; %s: text; %l: text, filled up to a column. */
void print(const char *format, ...) {
  __builtin_va_list list;
  __builtin_va_start(list, format);
  for (; *format; format++) {
    if (*format != '%') {
      character(*format);
      continue;
    }
    switch (*++format) {
    case 'x':
      hex(__builtin_va_arg(list, word));
      break;
    case 'u':
      decimal(__builtin_va_arg(list, word));
      break;
    case 's':
      for (const char *text = __builtin_va_arg(list, const char *); *text; text++) character(*text);
      break;
    case 'l': {
      int column = 0;
      for (const char *text = __builtin_va_arg(list, const char *); *text; text++, column++) character(*text);
      for (; column < 28; column++) character(' ');
      break;
    }
    }
  }
  __builtin_va_end(list);
}

static const char *const EXCEPTIONS[] = {"Int", "Mod", "TLBL", "TLBS", "AdEL", "AdES", "IBE", "DBE",
                                         "Sys", "Bp",  "RI",   "CpU",  "Ov",   "Tr",   "14",  "FPE"};
static const char *const VECTORS[] = {"",          "refill",       "general",        "interrupt",
                                      "boot refill", "boot general", "boot interrupt", "boot debug"};

/* An address, relative to the attempt's code if it is inside it. */
static void address(const char *name, word va) {
  if (va - (word)CODE < 0x100)
    print(" %s code+%u", name, va - (word)CODE);
  else
    print(" %s %x", name, va);
}

/* Prints a register that exceptions set, if it has changed since it was last printed. */
static void changed(const char *name, word *last, word now) {
  if (*last != now) print(" %s %x", name, now);
  *last = now;
}

/* Prints how the last attempt ended. */
void tell(void) {
  static word badVAddr, context, entryHi, errorEpc;
  if (trap.vector == RETURNED) {
    print("back,");
  } else {
    word code = (trap.cause >> 2) & 31;
    print("%s", code < 16 ? EXCEPTIONS[code] : "?");
    if (code == 11) print(" of %u", (trap.cause >> 28) & 3);
    print(" at %s%s,", trap.vector & MOVED ? "moved " : "", VECTORS[trap.vector & 7]);
    address("EPC", trap.epc);
    print("%s Status %x", trap.cause & BD ? " BD" : "", trap.status);
  }
  changed("BadVAddr", &badVAddr, trap.badVAddr);
  changed("Context", &context, trap.context);
  changed("EntryHi", &entryHi, trap.entryHi);
  changed("ErrorEPC", &errorEpc, trap.errorEpc);
  if (trap.v0 | trap.v1) print(" v0 %x v1 %x", trap.v0, trap.v1);
  print("\n");
}

void report(const char *what) {
  print("%l ", what);
  tell();
}

/* Copies code to the RAM where it runs. */
void put(volatile word *at, const word *code, word words) {
  for (word i = 0; i < words; i++) {
    at[i] = code[i];
    asm volatile("synci 0(%0)" : : "r"(at + i) : "memory");
  }
  asm volatile("sync\n\tehb" : : : "memory");
}

/* Runs one instruction alone, in the mode that status selects. */
void try(const struct instruction *instruction, const word arguments[4], word status) {
  put(CODE, &instruction->word, 1);
  put(CODE + 1, status & USER ? systemCall : back, 2);
  attempt(CODE, arguments, status);
}

/* An EntryLo. */
word lo(word physical, word bits) { return physical >> 6 | bits; }

void setTlb(word index, word hi, word lo0, word lo1, word mask) {
  word entryHi = mfc0(10, 0);
  mtc0(0, 0, index);
  mtc0(10, 0, hi);
  mtc0(2, 0, lo0);
  mtc0(3, 0, lo1);
  mtc0(5, 0, mask);
  asm volatile("tlbwi\n\tehb" : : : "memory");
  mtc0(5, 0, 0);
  mtc0(10, 0, entryHi);
}

/* Fills the TLB with entries that translate nothing, each with a different address. */
void clearTlb(void) {
  for (word index = 0; index < 16; index++) setTlb(index, 0x80000000 + index * 0x2000, 0, 0, 0);
}

/* rom.S calls this with a stack and clean memory. */
void begin(void) {
  run();
  print("end\n");
  if (console == 0) SOFT_RESET = SOFT_RESET_NOW;
}

/* Changes Status from its reset value to a kernel's: vectors at EBase, and an empty TLB. */
void settle(void) {
  extern const word vectors[], vectors_end[];
  put((volatile word *)ebase, vectors, vectors_end - vectors);
  mtc0(15, 1, ebase);
  mtc0(12, 0, 0);
  mtc0(11, 0, 0);
  mtc0(13, 0, 0);
  clearTlb();
  mtc0(10, 0, 0);
  mtc0(2, 0, 0);
  mtc0(3, 0, 0);
  mtc0(4, 0, 0xff800000);
}

/* The compiler calls this to copy arrays. */
void *memcpy(void *to, const void *from, __SIZE_TYPE__ size) {
  for (__SIZE_TYPE__ i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}
