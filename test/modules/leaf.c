/*
 * Shows the cost of tracing where it is highest: a leaf of four instructions, called from a loop of eight. Built
 * without -pg one round is 12 instructions, as in the measurement of a real kernel with which the bench compares
 * itself.
 */
#include "module.h"

noinline u32 leaf_step(u32 value)
{
	return (value ^ 0x5a5a) + (value << 1);
}

u32 leaf_loop(u32 count)
{
	u32 sum = 0;

	while (count--)
		sum = (sum ^ leaf_step(count) ^ 1) + (count >> 1);
	return sum;
}
EXPORT_SYMBOL(leaf_loop);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A leaf in a loop");
