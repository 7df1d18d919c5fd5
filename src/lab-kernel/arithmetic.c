/*
 * The 64-bit arithmetic functions that gcc and the kernel's headers call on a 32-bit processor, and functions that
 * count and find bits. Division is by shift and subtract: it is exact and needs no wider arithmetic.
 */
#include "lab.h"

union double_word {
	u64 value;
	struct {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		u32 low, high;
#else
		u32 high, low;
#endif
	};
};

u64 __ashldi3(u64 value, int shift)
{
	union double_word w = { value };

	if (shift >= 32) {
		w.high = w.low << (shift - 32);
		w.low = 0;
	} else if (shift) {
		w.high = w.high << shift | w.low >> (32 - shift);
		w.low <<= shift;
	}
	return w.value;
}
EXPORT(__ashldi3);

u64 __lshrdi3(u64 value, int shift)
{
	union double_word w = { value };

	if (shift >= 32) {
		w.low = w.high >> (shift - 32);
		w.high = 0;
	} else if (shift) {
		w.low = w.low >> shift | w.high << (32 - shift);
		w.high >>= shift;
	}
	return w.value;
}
EXPORT(__lshrdi3);

s64 __ashrdi3(s64 value, int shift)
{
	union double_word w = { value };
	s32 high = w.high;

	if (shift >= 32) {
		w.low = high >> (shift - 32);
		w.high = high >> 31;
	} else if (shift) {
		w.low = w.low >> shift | w.high << (32 - shift);
		w.high = high >> shift;
	}
	return w.value;
}
EXPORT(__ashrdi3);

/* Returns 0 for less, 1 for equal, 2 for greater. */
int __cmpdi2(s64 a, s64 b)
{
	return a < b ? 0 : a > b ? 2 : 1;
}
EXPORT(__cmpdi2);

int __ucmpdi2(u64 a, u64 b)
{
	return a < b ? 0 : a > b ? 2 : 1;
}
EXPORT(__ucmpdi2);

u32 __bswapsi2(u32 value)
{
	return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}
EXPORT(__bswapsi2);

u64 __bswapdi2(u64 value)
{
	union double_word from = { value }, to;

	to.high = __bswapsi2(from.low);
	to.low = __bswapsi2(from.high);
	return to.value;
}
EXPORT(__bswapdi2);

/* A zero divisor traps, as it does in the kernel's division (gcc's teq after div: code 7). */
static void check_divisor(bool zero)
{
	__asm__ volatile("tne %0, $0, 7" : : "r"((u32)zero));
}

u64 div64_u64_rem(u64 dividend, u64 divisor, u64 *remainder)
{
	u64 quotient = 0, rest = 0;
	int bit;

	check_divisor(divisor == 0);
	if ((dividend | divisor) >> 32 == 0) {
		*remainder = (u32)dividend % (u32)divisor;
		return (u32)dividend / (u32)divisor;
	}
	for (bit = 0; bit < 64; bit++) {
		bool carry = rest >> 63;

		rest = rest << 1 | dividend >> 63;
		dividend <<= 1;
		quotient <<= 1;
		if (carry || rest >= divisor) {
			rest -= divisor;
			quotient |= 1;
		}
	}
	*remainder = rest;
	return quotient;
}
EXPORT(div64_u64_rem);

u64 div64_u64(u64 dividend, u64 divisor)
{
	u64 remainder;

	return div64_u64_rem(dividend, divisor, &remainder);
}
EXPORT(div64_u64);

s64 div64_s64(s64 dividend, s64 divisor)
{
	u64 quotient = div64_u64(dividend < 0 ? -(u64)dividend : (u64)dividend,
				 divisor < 0 ? -(u64)divisor : (u64)divisor);

	return (dividend < 0) == (divisor < 0) ? quotient : -quotient;
}
EXPORT(div64_s64);

s64 div_s64_rem(s64 dividend, s32 divisor, s32 *remainder)
{
	u64 rest;
	u64 quotient = div64_u64_rem(dividend < 0 ? -(u64)dividend : (u64)dividend,
				     divisor < 0 ? -(u32)divisor : (u32)divisor, &rest);

	*remainder = dividend < 0 ? -(s32)rest : (s32)rest;
	return (dividend < 0) == (divisor < 0) ? quotient : -quotient;
}
EXPORT(div_s64_rem);

/* Divides *number in place; returns the remainder. do_div and div_u64 call this. */
u32 __div64_32(u64 *number, u32 base)
{
	u64 remainder;

	*number = div64_u64_rem(*number, base, &remainder);
	return remainder;
}
EXPORT(__div64_32);

/* For quotients known to be small. */
u32 iter_div_u64_rem(u64 dividend, u32 divisor, u64 *remainder)
{
	return div64_u64_rem(dividend, divisor, remainder);
}
EXPORT(iter_div_u64_rem);

unsigned long int_sqrt(unsigned long value)
{
	unsigned long root = 0, bit = 1ul << 30;

	while (bit > value)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		bool take = value >= root + bit;

		if (take)
			value -= root + bit;
		root >>= 1;
		if (take)
			root += bit;
	}
	return root;
}
EXPORT(int_sqrt);

/* gcd(a, 0) is a. */
unsigned long gcd(unsigned long a, unsigned long b)
{
	while (b) {
		unsigned long rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}
EXPORT(gcd);

unsigned int __sw_hweight32(u32 value)
{
	value -= value >> 1 & 0x55555555;
	value = (value & 0x33333333) + (value >> 2 & 0x33333333);
	value = (value + (value >> 4)) & 0x0f0f0f0f;
	return value * 0x01010101 >> 24;
}
EXPORT(__sw_hweight32);

unsigned int __sw_hweight16(u32 value)
{
	return __sw_hweight32(value & 0xffff);
}
EXPORT(__sw_hweight16);

unsigned int __sw_hweight8(u32 value)
{
	return __sw_hweight32(value & 0xff);
}
EXPORT(__sw_hweight8);

unsigned long __sw_hweight64(u64 value)
{
	return __sw_hweight32(value >> 32) + __sw_hweight32(value);
}
EXPORT(__sw_hweight64);

/* Returns the first bit from start on that differs from the mask's; size when there is none. */
static unsigned long find_from(const unsigned long *bits, unsigned long size, unsigned long start, unsigned long mask)
{
	while (start < size) {
		unsigned long rest = (bits[start / 32] ^ mask) >> (start % 32);

		if (rest) {
			start += __builtin_ctz(rest);
			return start < size ? start : size;
		}
		start = (start | 31) + 1;
	}
	return size;
}

unsigned long _find_next_bit(const unsigned long *bits, unsigned long size, unsigned long start)
{
	return find_from(bits, size, start, 0);
}
EXPORT(_find_next_bit);

unsigned long _find_next_zero_bit(const unsigned long *bits, unsigned long size, unsigned long start)
{
	return find_from(bits, size, start, ~0ul);
}
EXPORT(_find_next_zero_bit);

unsigned long _find_first_bit(const unsigned long *bits, unsigned long size)
{
	return find_from(bits, size, 0, 0);
}
EXPORT(_find_first_bit);

unsigned long _find_first_zero_bit(const unsigned long *bits, unsigned long size)
{
	return find_from(bits, size, 0, ~0ul);
}
EXPORT(_find_first_zero_bit);

int __bitmap_weight(const unsigned long *bits, unsigned int size)
{
	unsigned int weight = 0, bit;

	for (bit = 0; bit + 32 <= size; bit += 32)
		weight += __sw_hweight32(bits[bit / 32]);
	if (bit < size)
		weight += __sw_hweight32(bits[bit / 32] & ~(~0u << (size - bit)));
	return weight;
}
EXPORT(__bitmap_weight);
