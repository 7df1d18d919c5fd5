/*
 * Functions whose form matters to a tracer: leaves and their callers, tail calls, recursion deeper than
 * function_graph's 50 frames, calls through pointers, arguments on the stack, varargs and a frame of unknown size
 * (alloca).
 */
#include "module.h"
#include <stdarg.h>

noinline u32 shapes_leaf(u32 a)
{
	return a * 3 + 1;
}

/* A leaf with a frame of its own: it stores to the stack, not ra. */
noinline u32 shapes_leaf_with_frame(u32 a)
{
	volatile u32 kept[6];
	u32 i;

	for (i = 0; i < 6; i++)
		kept[i] = a + i;
	return kept[a % 6] ^ kept[5];
}

noinline u32 shapes_caller(u32 a)
{
	return shapes_leaf(a) + shapes_leaf_with_frame(a);
}

/* Ends in a jump: shapes_leaf returns straight to this function's caller. */
noinline u32 shapes_tail(u32 a)
{
	return shapes_leaf(a ^ 0x55);
}

/* A tail call after a call: the frame is gone before the jump. */
noinline u32 shapes_tail_after_call(u32 a)
{
	return shapes_tail(shapes_caller(a));
}

noinline u32 shapes_recurse(u32 depth)
{
	u32 below;

	if (!depth)
		return 1;
	below = shapes_recurse(depth - 1);
	return (below << 3 ^ below >> 5) + depth; /* gcc can't turn this into a loop */
}

noinline u32 shapes_even(u32 n);

noinline u32 shapes_odd(u32 n)
{
	return n ? shapes_even(n - 1) + 1 : 0;
}

noinline u32 shapes_even(u32 n)
{
	return n ? shapes_odd(n - 1) + 2 : 7;
}

noinline u32 shapes_through(u32 (*function)(u32), u32 a)
{
	return function(a) + 1;
}

noinline u32 shapes_pointers(u32 a)
{
	static u32 (*const functions[])(u32) = { shapes_leaf, shapes_tail, shapes_recurse };

	return shapes_through(functions[a % 3], a % 20);
}

/* Four arguments in registers, four on the stack. */
noinline u32 shapes_eight(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g, u32 h)
{
	return a + 3 * b + 5 * c + 7 * d + 11 * e + 13 * f + 17 * g + 19 * h;
}

noinline u32 shapes_many_arguments(u32 a)
{
	return shapes_eight(a, a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7) + 1;
}

noinline u32 shapes_sum(u32 count, ...)
{
	va_list values;
	u32 sum = 0;

	va_start(values, count);
	while (count--)
		sum = sum * 7 + va_arg(values, u32);
	va_end(values);
	return sum;
}

noinline u32 shapes_varargs(u32 a)
{
	return shapes_sum(6, a, a + 1, a + 2, a + 3, a + 4, a + 5) + 1;
}

/* The frame grows by the size that the caller passes; s8 keeps its base. */
noinline u32 shapes_alloca(u32 count)
{
	u8 *bytes = __builtin_alloca(count % 200 + 1);
	u32 i, sum = 0;

	for (i = 0; i < count % 200 + 1; i++)
		bytes[i] = shapes_leaf(i);
	for (i = 0; i < count % 200 + 1; i++)
		sum = sum * 33 + bytes[i];
	return sum;
}

noinline u64 shapes_wide(u32 a, u64 b)
{
	return b + shapes_leaf(a);
}

noinline u32 shapes_wide_caller(u32 a)
{
	u64 value = shapes_wide(a, (u64)a << 33 | 5);

	return (u32)(value >> 32) ^ (u32)value;
}

u32 shapes_run(u32 a)
{
	u32 sum = shapes_caller(a);

	sum = sum * 31 + shapes_tail(a);
	sum = sum * 31 + shapes_tail_after_call(a);
	sum = sum * 31 + shapes_recurse(a % 8);
	sum = sum * 31 + shapes_odd(a % 5);
	sum = sum * 31 + shapes_pointers(a);
	sum = sum * 31 + shapes_many_arguments(a);
	sum = sum * 31 + shapes_varargs(a);
	sum = sum * 31 + shapes_alloca(a);
	return sum * 31 + shapes_wide_caller(a);
}

EXPORT_SYMBOL(shapes_run);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Functions whose shape matters to a tracer");
