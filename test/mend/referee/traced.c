// A module whose init function contains the forms of call sites and jumps: leaves, calls and tail calls within the
// module and to the kernel, recursion, pointers, a switch, alloca, init code that calls core code. It prints its
// result, so that the kernel's log has it as a number. Its functions can be traced while it loads.

#include "module.h"

MODULE_LICENSE("Dual MIT/GPL");

static noinline u32 leaf(u32 n) { return n * 2654435761u; }

static noinline u32 chosen(u32 n) {
  switch (n & 7) {
    case 0: return n + 3;
    case 1: return n ^ 0x55;
    case 2: return n << 3;
    case 3: return leaf(n);
    case 4: return n - 1;
    case 5: return ~n;
    case 6: return n >> 1;
    default: return 7;
  }
}

static noinline u32 tail(u32 n) { return leaf(n + 1); }

static noinline u32 length(const char *text) { return strlen(text); }

static noinline u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static u32 (*const table[])(u32) = {leaf, chosen, tail, fibonacci};

static noinline u32 through(u32 n) {
  u32 sum = 0;
  for (u32 i = 0; i < 4; i++) sum = sum * 31 + table[i](n + i);
  return sum;
}

static noinline u32 stacked(u32 n) {
  unsigned char *bytes = __builtin_alloca(n + 8);
  memset(bytes, (int)n, n);
  u32 sum = 0;
  for (u32 i = 0; i < n; i++) sum = sum * 33 + bytes[i];
  return sum + chosen(n);
}

static noinline u32 allocated(u32 n) {
  u32 *words = __kmalloc(4 * n, GFP_KERNEL), sum = 0;
  if (!words) return 1;
  for (u32 i = 0; i < n; i++) words[i] = chosen(i);
  for (u32 i = 0; i < n; i++) sum = sum * 37 + words[i];
  kfree(words);
  return sum;
}

static noinline u32 top(u32 n) {
  return through(n) ^ stacked(n) ^ allocated(n) ^ tail(n) ^ length("a module of 2009");
}

__attribute__((section(".init.text"))) int init_module(void);
int init_module(void) {
  _printk("traced: %x\n", top(5));
  return 0;
}

void cleanup_module(void);
void cleanup_module(void) { _printk("traced: bye %x\n", top(3)); }
