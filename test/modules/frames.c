/*
 * Frames too large for a 16-bit offset. ra is then saved further from sp than one addiu reaches, and the site of
 * -mmcount-ra-address needs one or two more words for the offset: seven words (li, addu) or eight (lui, ori, addu).
 * No kernel function has such a frame, because its stack is 8 KiB. Linux assumes six words for every site, so its nop
 * would end before the site does.
 */
#include "module.h"

noinline u32 frames_leaf(u32 a)
{
	return a * 3 + 1;
}

/* 40,000 bytes. */
noinline u32 frames_big(u32 a)
{
	volatile u8 bytes[40000];
	u32 i;

	for (i = 0; i < sizeof(bytes); i += 1000)
		bytes[i] = a + frames_leaf(i);
	return bytes[3000] << 24 | bytes[39000] << 16 | bytes[0] << 8 | bytes[17000];
}

/* 100,000 bytes: gcc loads the frame's size into v1, right before a long call's site does the same. */
noinline u32 frames_huge(u32 a)
{
	volatile u8 bytes[100000];
	u32 i;

	for (i = 0; i < sizeof(bytes); i += 1000)
		bytes[i] = a + frames_leaf(i);
	return bytes[3000] << 24 | bytes[99000] << 16 | bytes[0] << 8 | bytes[17000];
}

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Frames too large for a 16-bit offset");
