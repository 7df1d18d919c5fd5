/*
 * A short call to an undefined weak symbol. Its value is 0. Its address is simply 0, but a jal to 0 can't be encoded:
 * Linux refuses the module with "relocation overflow".
 */
#include "module.h"

extern u32 weak_absent(u32 a) __attribute__((weak));

u32 weak_run(u32 a)
{
	return weak_absent ? weak_absent(a) + 1 : a;
}

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A short call to a weak undefined symbol");
