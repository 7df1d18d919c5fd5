/*
 * Bytes: copying, filling, comparing, searching. The copies move a word at a time once the destination is aligned. An
 * unaligned source is read with lwl/lwr, which gcc emits for a packed word.
 */
#include "lab.h"

struct unaligned_word {
	u32 value;
} __attribute__((packed, may_alias));

typedef u32 __attribute__((may_alias)) word;

static inline bool is_aligned(const void *address)
{
	return ((size_t)address & 3) == 0;
}

void *memcpy(void *to, const void *from, size_t count)
{
	u8 *target = to;
	const u8 *source = from;

	for (; count && !is_aligned(target); count--)
		*target++ = *source++;
	for (; count >= 16; count -= 16, target += 16, source += 16) {
		const struct unaligned_word *read = (const void *)source;
		u32 a = read[0].value, b = read[1].value, c = read[2].value, d = read[3].value;
		word *write = (void *)target;

		write[0] = a;
		write[1] = b;
		write[2] = c;
		write[3] = d;
	}
	for (; count >= 4; count -= 4, target += 4, source += 4)
		*(word *)(void *)target = ((const struct unaligned_word *)(const void *)source)->value;
	while (count--)
		*target++ = *source++;
	return to;
}
EXPORT(memcpy);

void *memmove(void *to, const void *from, size_t count)
{
	u8 *target = (u8 *)to + count;
	const u8 *source = (const u8 *)from + count;

	/* Copying forwards is safe when the target starts before the source or past its end. */
	if ((size_t)to - (size_t)from >= count)
		return memcpy(to, from, count);
	for (; count && !is_aligned(target); count--)
		*--target = *--source;
	for (; count >= 4; count -= 4) {
		target -= 4;
		source -= 4;
		*(word *)(void *)target = ((const struct unaligned_word *)(const void *)source)->value;
	}
	while (count--)
		*--target = *--source;
	return to;
}
EXPORT(memmove);

void *memset(void *start, int value, size_t count)
{
	u8 *target = start;
	u32 pattern = (u8)value * 0x01010101u;

	for (; count && !is_aligned(target); count--)
		*target++ = (u8)value;
	for (; count >= 16; count -= 16, target += 16) {
		word *write = (void *)target;

		write[0] = pattern;
		write[1] = pattern;
		write[2] = pattern;
		write[3] = pattern;
	}
	for (; count >= 4; count -= 4, target += 4)
		*(word *)(void *)target = pattern;
	while (count--)
		*target++ = (u8)value;
	return start;
}
EXPORT(memset);

static void memset_units(u8 *target, const void *unit, size_t size, size_t count)
{
	for (; count--; target += size)
		memcpy(target, unit, size);
}

void *memset16(u16 *start, u16 value, size_t count)
{
	memset_units((u8 *)start, &value, sizeof(value), count);
	return start;
}
EXPORT(memset16);

void *memset32(u32 *start, u32 value, size_t count)
{
	memset_units((u8 *)start, &value, sizeof(value), count);
	return start;
}
EXPORT(memset32);

int memcmp(const void *a, const void *b, size_t count)
{
	const u8 *x = a, *y = b;

	for (; count; count--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
EXPORT(memcmp);

int bcmp(const void *a, const void *b, size_t count)
{
	return memcmp(a, b, count);
}
EXPORT(bcmp);

void *memchr(const void *start, int value, size_t count)
{
	const u8 *byte = start;

	for (; count; count--, byte++)
		if (*byte == (u8)value)
			return (void *)byte;
	return NULL;
}
EXPORT(memchr);

/* Returns the first byte that differs from value, or null. */
void *memchr_inv(const void *start, int value, size_t count)
{
	const u8 *byte = start;

	for (; count; count--, byte++)
		if (*byte != (u8)value)
			return (void *)byte;
	return NULL;
}
EXPORT(memchr_inv);

/* Returns the first byte equal to value, or the end. */
void *memscan(void *start, int value, size_t count)
{
	u8 *byte = start;

	for (; count && *byte != (u8)value; count--)
		byte++;
	return byte;
}
EXPORT(memscan);

/* Sets *to to *a ^ *b for count bytes; the regions may be the same. */
void __crypto_xor(u8 *to, const u8 *a, const u8 *b, unsigned int count)
{
	for (; count; count--)
		*to++ = *a++ ^ *b++;
}
EXPORT(__crypto_xor);

/* Returns non-zero when the regions differ; always reads every byte. */
unsigned long __crypto_memneq(const void *a, const void *b, size_t count)
{
	const u8 *x = a, *y = b;
	unsigned long difference = 0;

	for (; count; count--)
		difference |= *x++ ^ *y++;
	return difference;
}
EXPORT(__crypto_memneq);

/* Adds one to a big-endian number of size bytes. */
void crypto_inc(u8 *number, unsigned int size)
{
	while (size-- && ++number[size] == 0)
		;
}
EXPORT(crypto_inc);
