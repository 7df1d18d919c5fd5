/*
 * A module that uses each of the loader's special sections: init and exit code, parameters, exports of every kind,
 * static keys of both initial states in both forms, an exception table with a fixup that jumps back, undefined weak
 * symbols, per-CPU data, and memory that starts as zero.
 */
#include "module.h"

/* Parameters. */
static int level = 3;
static unsigned int mask = 0xff;
static char *label = "unset";
static bool quiet;
MODULE_PARAM(level, int, 0644);
MODULE_PARAM(mask, uint, 0444);
MODULE_PARAM(label, charp, 0444);
MODULE_PARAM(quiet, bool, 0);

/* .bss, .data, .rodata, .data..read_mostly. */
u32 init_zeroed_words[300];
u32 init_counter = 40;
static const u16 table[5] = { 1, 10, 100, 1000, 10000 };
u32 init_extra __attribute__((section(".data..read_mostly"))) = 7;

/* Per-CPU data: its symbol's value is the offset that the loader assigns to the module's block. */
static u32 __attribute__((section(".data..percpu"))) events = 99;

/* No module defines these: the loader leaves their value 0. */
extern u32 init_absent_function(u32 a) __attribute__((weak));
extern u32 init_absent_data __attribute__((weak));

static struct static_key off_key = { .enabled = 0, .type = 0 };
static struct static_key on_key = { .enabled = 1, .type = 1 };

STATIC_BRANCH(branch_nop_0, "b 2f", 0)
STATIC_BRANCH(branch_nop_1, "b 2f", 1)
STATIC_BRANCH(branch_jump_0, "j %l[taken]", 0)
STATIC_BRANCH(branch_jump_1, "j %l[taken]", 1)

/* Which of the four branches are taken: 10 (binary 1010) as built. */
noinline u32 init_keys(void)
{
	u32 taken = 0;

	if (branch_nop_0(&off_key))
		taken |= 1;
	if (branch_jump_1(&off_key))
		taken |= 2;
	if (branch_nop_1(&on_key))
		taken |= 4;
	if (branch_jump_0(&on_key))
		taken |= 8;
	return taken;
}

/* Reads a word; for a bad address it returns -14 (-EFAULT) through .fixup. */
noinline s32 init_read(const u32 *address)
{
	s32 value;

	__asm__ volatile("1: lw %0, 0(%1)\n"
			 "2:\n"
			 ".pushsection .fixup, \"ax\"\n"
			 "3: li %0, -14\n"
			 "   j 2b\n"
			 ".popsection\n"
			 ".pushsection __ex_table, \"a\"\n"
			 POINTERS "1b, 3b\n"
			 ".popsection"
			 : "=&r"(value) : "r"(address) : "memory");
	return value;
}

/* Returns 0 while the weak symbols have no definition. */
noinline u32 init_weak(void)
{
	return (&init_absent_data != NULL) | (init_absent_function != NULL) << 1;
}

noinline u32 *init_per_cpu(void)
{
	return &events;
}

noinline const char *init_label(void)
{
	return label;
}

noinline u32 init_parameters(void)
{
	return level * 1000000 + mask * 10 + quiet;
}

noinline u32 init_zeroed(void)
{
	u32 sum = 0, i;

	for (i = 0; i < 300; i++)
		sum |= init_zeroed_words[i];
	return sum;
}

noinline u32 init_lookup(u32 index)
{
	return index < 5 ? table[index] + init_extra : 0;
}

u32 init_count(void)
{
	return ++init_counter;
}

u32 init_step __initdata = 2;

static int __init init_start(void)
{
	init_counter += init_step;
	if (!quiet)
		_printk("init: level %d, mask 0x%x, label %s\n", level, mask, label);
	return level < 0 ? -22 : 0;
}

static void __exit init_end(void)
{
	_printk("init: gone after %u\n", init_counter);
}

module_init(init_start);
module_exit(init_end);

EXPORT_SYMBOL(init_count);
EXPORT_CRC("", init_count, 0x1badcafe);
EXPORT_SYMBOL(init_counter);
EXPORT_CRC("", init_counter, 0x0ddba115);
EXPORT_SYMBOL_NS(init_lookup, FARJAL);
EXPORT_CRC("", init_lookup, 0x5eed5eed);
EXPORT_SYMBOL_GPL(init_keys);
EXPORT_CRC("_gpl", init_keys, 0x12345678);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Every special section of a module");
