/*
 * Code whose lines are hard to get right: calls inlined two deep, from a header, in a loop, several on one line; a
 * cold part that the compiler moves to a section of its own; code in .init.text; a function that is a mere jump.
 */
#include "lines.h"

static struct sample state = {1, 2};

static noinline __attribute__((cold)) void lines_complain(u32 value)
{
	_printk("lines: %u\n", value);
}

u32 lines_stir(u32 rounds)
{
	u32 total = 0;

	SUM(total, &state, rounds);
	return total;
}

u32 lines_pair(u32 a, u32 b)
{
	struct sample one = {a, b}, two = {b, a};

	return stir(&one, 3) + stir(&two, 5) + rotate(a, 3) + rotate(b, 5);
}

u32 lines_check(u32 value)
{
	if (__builtin_expect(value > 1000, 0)) {
		lines_complain(value);
		lines_complain(rotate(value, 9));
		return 0;
	}
	return more_digest((const u8 *)&value, sizeof(value));
}

u32 lines_tail(u32 value)
{
	return lines_check(value + 1);
}

static int __init lines_start(void)
{
	state.second = lines_pair(3, 4);
	_printk("lines: ready %u\n", lines_stir(state.second & 7));
	return 0;
}

module_init(lines_start);
MODULE_LICENSE("Dual MIT/GPL");
