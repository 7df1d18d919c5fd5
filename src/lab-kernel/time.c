/*
 * Time: jiffies, and functions that wait. Nothing else runs while the module sleeps, so sleeping advances jiffies by
 * the requested time and returns at once. The host may also advance jiffies_64, for code that spins until the clock
 * ticks.
 */
#include "lab.h"

/* Five minutes before the 32-bit count wraps, as the kernel starts it. */
u64 jiffies_64 = (u32)(-300 * (int)HZ);
SERVICE(jiffies_64);

/* jiffies is the low word of jiffies_64: the first or the second word, by byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
__asm__(".globl jiffies; .type jiffies, @object; .set jiffies, jiffies_64; .size jiffies, 4");
#else
__asm__(".globl jiffies; .type jiffies, @object; .set jiffies, jiffies_64 + 4; .size jiffies, 4");
#endif
SERVICE(jiffies);

u64 ktime_get(void);

u64 get_jiffies_64(void)
{
	return jiffies_64;
}
SERVICE(get_jiffies_64);

static unsigned long round_up(unsigned long value, unsigned long unit)
{
	return value / unit + (value % unit != 0);
}

/* A negative time means for ever, as does one that is too long to count. */
#define FOR_EVER 0x3ffffffeul

unsigned long __msecs_to_jiffies(unsigned int milliseconds)
{
	return (int)milliseconds < 0 ? FOR_EVER : round_up(milliseconds, 1000 / HZ);
}
EXPORT(__msecs_to_jiffies);

unsigned long __usecs_to_jiffies(unsigned int microseconds)
{
	return round_up(microseconds, 1000000 / HZ);
}
EXPORT(__usecs_to_jiffies);

unsigned int jiffies_to_msecs(unsigned long count)
{
	return count * (1000 / HZ);
}
EXPORT(jiffies_to_msecs);

unsigned int jiffies_to_usecs(unsigned long count)
{
	return count * (1000000 / HZ);
}
EXPORT(jiffies_to_usecs);

void msleep(unsigned int milliseconds)
{
	jiffies_64 += __msecs_to_jiffies(milliseconds);
}
SERVICE(msleep);

unsigned long msleep_interruptible(unsigned int milliseconds)
{
	msleep(milliseconds);
	return 0;
}
SERVICE(msleep_interruptible);

void usleep_range_state(unsigned long least, unsigned long most, unsigned int state)
{
	jiffies_64 += __usecs_to_jiffies(least);
}
SERVICE(usleep_range_state);

long schedule_timeout(long count)
{
	if (count > 0)
		jiffies_64 += count;
	return 0;
}
SERVICE(schedule_timeout);

/* In a kernel, delays are busy loops that wait for hardware; the lab has no hardware. */
void __delay(unsigned long loops)
{
}
SERVICE(__delay);

void __udelay(unsigned long microseconds)
{
}
SERVICE(__udelay);

void __ndelay(unsigned long nanoseconds)
{
}
SERVICE(__ndelay);

u64 ktime_get_mono_fast_ns(void)
{
	return ktime_get();
}
SERVICE(ktime_get_mono_fast_ns);

/* Returns whether a message may be printed now: no message is suppressed. */
int ___ratelimit(void *state, const char *function)
{
	return 1;
}
SERVICE(___ratelimit);
