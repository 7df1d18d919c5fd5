/*
 * The kernel's random numbers, the same in every run: a xorshift sequence. The stack protector's guard is a constant
 * with a zero byte, as in the kernel's guard.
 */
#include "lab.h"

unsigned long __stack_chk_guard = 0x6b3f9a00;
EXPORT(__stack_chk_guard);

static u32 state = 0x2545f491;

u32 get_random_u32(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}
SERVICE(get_random_u32);

u16 get_random_u16(void)
{
	return get_random_u32();
}
SERVICE(get_random_u16);

u8 get_random_u8(void)
{
	return get_random_u32();
}
SERVICE(get_random_u8);

u64 get_random_u64(void)
{
	u32 high = get_random_u32();

	return (u64)high << 32 | get_random_u32();
}
SERVICE(get_random_u64);

void get_random_bytes(void *to, size_t count)
{
	u8 *byte = to;

	while (count--)
		*byte++ = get_random_u32();
}
SERVICE(get_random_bytes);

int wait_for_random_bytes(void)
{
	return 0;
}
SERVICE(wait_for_random_bytes);

bool rng_is_initialized(void)
{
	return true;
}
SERVICE(rng_is_initialized);
