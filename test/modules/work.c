/*
 * One workload, built with every form of call and of call site: leaf functions, calls within the module, calls to the
 * kernel, recursion, and a table of function pointers. The results must not depend on the form.
 */
#include "module.h"

struct record {
	u32 key;
	u8 digest[12];
};

noinline u32 work_checksum(const u8 *bytes, u32 count)
{
	u32 a = 1, b = 0;

	while (count--) {
		a = (a + *bytes++) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

noinline void work_fill(u8 *bytes, u32 count, u32 seed)
{
	while (count--) {
		seed = seed * 1664525 + 1013904223;
		*bytes++ = seed >> 24;
	}
}

/* A static function: short calls reach it through the section symbol and an addend in place. */
static noinline u32 mix(u32 a, u32 b)
{
	a ^= b << 13 | b >> 19;
	return a * 0x85ebca6b + b;
}

noinline u32 work_fibonacci(u32 n)
{
	return n < 2 ? n : work_fibonacci(n - 1) + work_fibonacci(n - 2);
}

noinline u32 work_copy(u8 *to, const u8 *from, u32 count)
{
	memcpy(to, from, count);
	return mix(count, work_checksum(to, count));
}

/* Writes n in decimal into allocated memory and returns a mix of its length and digits. */
noinline u32 work_text(u32 n)
{
	char *text = __kmalloc(12, GFP_KERNEL);
	u32 value = n, length = 0, result, i;

	if (!text)
		return 0;
	do {
		text[length++] = '0' + value % 10;
		value /= 10;
	} while (value);
	text[length] = '\0';
	for (i = 0; i < length / 2; i++) {
		char swapped = text[i];

		text[i] = text[length - 1 - i];
		text[length - 1 - i] = swapped;
	}
	result = mix(strlen(text), work_checksum((const u8 *)text, length));
	kfree(text);
	return result;
}

noinline u64 work_wide(u32 low, u32 high)
{
	u64 value = (u64)high << 32 | low;

	return value * 0x9e3779b97f4a7c15ull + (value >> 7);
}

noinline s32 work_signed(s32 a, s32 b)
{
	return b ? a / b * 1000 + a % b : -1;
}

static noinline u32 by_fibonacci(u32 n)
{
	return work_fibonacci(n % 12);
}

static u32 (*const kinds[])(u32) = { by_fibonacci, work_text };

/* Calls everything above. */
u32 work_run(u32 n)
{
	struct record record = { .key = n };
	u8 buffer[64];
	u32 sum = 0, i;
	u64 wide;

	work_fill(buffer, sizeof(buffer), n);
	for (i = 0; i < 4; i++) {
		work_copy(record.digest, buffer + 5 * i + n % 4, sizeof(record.digest));
		sum = mix(sum, work_checksum(record.digest, sizeof(record.digest)));
		sum = mix(sum, kinds[(n + i) % 2](n + i));
	}
	wide = work_wide(sum, n);
	return mix((u32)wide, (u32)(wide >> 32)) + work_signed(n - 50, 7);
}

EXPORT_SYMBOL(work_run);
EXPORT_SYMBOL(work_checksum);
EXPORT_SYMBOL_GPL(work_text);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("One piece of work in every form of call");
