/* The smallest module that does something; the variants of __versions are tested with it. */
#include "module.h"

static int __init greet_start(void)
{
	_printk("greet: hello\n");
	return 0;
}
module_init(greet_start);

static void __exit greet_end(void)
{
	_printk("greet: bye\n");
}
module_exit(greet_end);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Says hello");
