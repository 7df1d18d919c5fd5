// A module with something in each of a module's seven memories, a static key, exports of all three kinds, and
// functions to trace: writing to its parameter `work` calls them.

#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "memories.h"

static DEFINE_STATIC_KEY_FALSE(doubled);

static int counter;                                 /* .bss, DATA */
static int step = 2;                                /* .data */
static const int weights[4] = {1, 3, 5, 7};         /* .rodata */
static int bias __ro_after_init = 11;               /* RO_AFTER_INIT */
static int first __initdata = 4;                    /* INIT_DATA */
static const int seeds[3] __initconst = {2, 4, 8};  /* INIT_RODATA */

noinline int memories_weigh(int value) {
  counter += step;
  if (static_branch_unlikely(&doubled)) value *= 2;
  return value * weights[value & 3] + bias;
}
EXPORT_SYMBOL(memories_weigh);

noinline int memories_halves(int value) {
  return value < 2 ? memories_weigh(value) : memories_halves(value / 2) + memories_halves(value - value / 2);
}
EXPORT_SYMBOL_GPL(memories_halves);

noinline int memories_count(void) {
  barrier();
  return counter;
}
EXPORT_SYMBOL_NS_GPL(memories_count, MEMORIES);

static int set_work(const char *text, const struct kernel_param *parameter) {
  int value;
  int error = kstrtoint(text, 0, &value);
  if (error) return error;
  pr_info("memories_halves(%d) = %d\n", value, memories_halves(value));
  return 0;
}

static const struct kernel_param_ops work_ops = {.set = set_work};
module_param_cb(work, &work_ops, NULL, 0200);

static int __init memories_init(void) {
  bias += seeds[first & 1];
  return 0;
}
module_init(memories_init);

static void __exit memories_exit(void) { static_branch_disable(&doubled); }
module_exit(memories_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A module with something in each of its memories");
