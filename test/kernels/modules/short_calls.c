// A module whose call of the kernel is a jump that can't reach, as with -mno-long-calls: Linux refuses it.

#include <linux/module.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)
#define _printk printk
#endif

asmlinkage int _printk(const char *format, ...) __attribute__((near));

int short_calls_say(void);

noinline int short_calls_say(void) { return _printk("said\n"); }

static int __init short_calls_init(void) { return short_calls_say() < 0; }
module_init(short_calls_init);

static void __exit short_calls_exit(void) {}
module_exit(short_calls_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A module whose calls of the kernel can't reach");
