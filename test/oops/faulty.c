/*
 * A module that faults in the way that `fault` names: in its init function's callee, in .init.text, in a timer, or, once
 * the module is gone, in a timer that it left behind. Its printed oopses are test inputs.
 */
#include "module.h"

struct timer_list { /* 6.1's and 6.12's */
	void *next, **previous;
	unsigned long expires;
	void (*function)(struct timer_list *timer);
	u32 flags;
};

struct victim {
	u32 before[3];
	u32 value;
};

extern volatile unsigned long jiffies;
void init_timer_key(struct timer_list *timer, void (*function)(struct timer_list *), unsigned int flags,
		    const char *name, void *key);
void add_timer(struct timer_list *timer);

static u32 fault;
MODULE_PARAM(fault, uint, 0);

/* volatile, so that the compiler can't tell what the pointers hold */
static struct victim *volatile nothing;
static u8 *volatile odd = (u8 *)&fault + 1;

static inline __attribute__((always_inline)) u32 read_victim(struct victim *victim)
{
	return victim->value;
}

static noinline u32 faulty_null(struct victim *victim)
{
	return read_victim(victim) + 1;
}

static noinline u32 faulty_store(struct victim *victim, u32 value)
{
	victim->value = value;
	return value + 1;
}

/* An unaligned load that the kernel can't emulate: ll. */
static noinline u32 faulty_unaligned(u8 *bytes)
{
	u32 value;

	__asm__ volatile("ll %0, 0(%1)" : "=r"(value) : "r"(bytes) : "memory");
	return value + 1;
}

static noinline u32 faulty_jump(u32 (*to)(u32))
{
	return to(1) + 1;
}

static noinline u32 faulty_bug(u32 value)
{
	if (value)
		__asm__ volatile("break 12"); /* BRK_BUG, as BUG() has it */
	return value;
}

static noinline u32 add_one(u32 value)
{
	return value + 1;
}

static void faulty_timer(struct timer_list *timer)
{
	faulty_store(nothing, 1);
	(void)timer;
}

static u32 __init faulty_in_init(void)
{
	return read_victim(nothing);
}

static noinline u32 faulty_work(u32 which)
{
	switch (which) {
	case 1:
		return faulty_null(nothing) + 1;
	case 2:
		return faulty_store(nothing, which) + 1;
	case 3:
		return faulty_unaligned(odd) + 1;
	case 4:
		return faulty_jump((u32 (*)(u32))nothing) + 1;
	case 5:
		return faulty_bug(which) + 1;
	case 6: /* what a processor does that takes a wrong high nibble for a jump's target */
		return faulty_jump((u32 (*)(u32))((unsigned long)add_one ^ 0x10000000)) + 1;
	default:
		return add_one(which);
	}
}

static int __init faulty_start(void)
{
	static u8 key[8];

	_printk("faulty: fault %u\n", fault);
	if (fault == 7)
		return (int)faulty_in_init();
	if (fault >= 8) {
		struct timer_list *timer = __kmalloc(sizeof(*timer), GFP_KERNEL);

		if (!timer)
			return -12;
		init_timer_key(timer, faulty_timer, 0, "faulty", key);
		timer->expires = jiffies + 50;
		add_timer(timer);
		return 0;
	}
	return faulty_work(fault) == 0x7fffffff ? -22 : 0;
}

/* fault 9 leaves its timer behind */
static void __exit faulty_stop(void)
{
}

module_init(faulty_start);
module_exit(faulty_stop);
MODULE_LICENSE("Dual MIT/GPL");
