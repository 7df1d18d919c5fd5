/*
 * Shows the cost of a call site where it is highest: functions of a few instructions called from a short loop.
 * cost.sh builds it with each design of call site, and `farjal cost` compares the results.
 */
#include "module.h"

noinline u32 cost_leaf(u32 value)
{
	return (value ^ 0x5a5a) + (value << 1);
}

/* It has a frame, where it saves ra. */
noinline u32 cost_step(u32 value)
{
	return cost_leaf(value) ^ cost_leaf(value + 1);
}

u32 cost_loop(u32 count)
{
	u32 sum = 0;

	while (count--)
		sum = (sum ^ cost_step(count) ^ 1) + (count >> 1);
	return sum;
}
EXPORT_SYMBOL(cost_loop);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Small functions, built with every design of call site");
