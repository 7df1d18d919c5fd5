// A module compiled with -mno-long-calls: its calls of the kernel are jumps that can't reach, which Linux refuses.

#include <linux/module.h>

noinline int short_calls_say(void) { return _printk("said\n"); }

static int __init short_calls_init(void) { return short_calls_say() < 0; }
module_init(short_calls_init);

static void __exit short_calls_exit(void) {}
module_exit(short_calls_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A module whose calls of the kernel can't reach");
