/*
 * Numbers in text: the lenient simple_strto family, the strict kstrto family, hexadecimal digits, and the character
 * table behind the kernel's isalpha and similar macros.
 */
#include "lab.h"

#define UPPER 0x01
#define LOWER 0x02
#define DIGIT 0x04
#define CONTROL 0x08
#define PUNCTUATION 0x10
#define SPACE 0x20
#define HEX 0x40
#define HARD_SPACE 0x80

/* Latin-1, as in the kernel's ctype table; modules index it with an unsigned char. */
const u8 _ctype[256] = {
	[0x00 ... 0x08] = CONTROL,
	[0x09 ... 0x0d] = CONTROL | SPACE,
	[0x0e ... 0x1f] = CONTROL,
	[0x20] = SPACE | HARD_SPACE,
	[0x21 ... 0x2f] = PUNCTUATION,
	['0' ... '9'] = DIGIT,
	[0x3a ... 0x40] = PUNCTUATION,
	['A' ... 'F'] = UPPER | HEX,
	['G' ... 'Z'] = UPPER,
	[0x5b ... 0x60] = PUNCTUATION,
	['a' ... 'f'] = LOWER | HEX,
	['g' ... 'z'] = LOWER,
	[0x7b ... 0x7e] = PUNCTUATION,
	[0x7f] = CONTROL,
	[0xa0] = SPACE | HARD_SPACE,
	[0xa1 ... 0xbf] = PUNCTUATION,
	[0xc0 ... 0xd6] = UPPER,
	[0xd7] = PUNCTUATION,
	[0xd8 ... 0xde] = UPPER,
	[0xdf ... 0xf6] = LOWER,
	[0xf7] = PUNCTUATION,
	[0xf8 ... 0xff] = LOWER,
};
EXPORT(_ctype);

const char hex_asc[] = "0123456789abcdef";
EXPORT(hex_asc);
const char hex_asc_upper[] = "0123456789ABCDEF";
EXPORT(hex_asc_upper);

/* Returns the value of a hexadecimal digit, or -1. */
int hex_to_bin(u8 character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	character |= 0x20;
	return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}
EXPORT(hex_to_bin);

/* Reads count bytes from 2 * count digits; returns -EINVAL at the first character that isn't a digit. */
int hex2bin(u8 *to, const char *from, size_t count)
{
	for (; count; count--, from += 2) {
		int high = hex_to_bin(from[0]);
		int low = high < 0 ? -1 : hex_to_bin(from[1]);

		if (low < 0)
			return -EINVAL;
		*to++ = high << 4 | low;
	}
	return 0;
}
EXPORT(hex2bin);

/* Returns the end of the digits. */
char *bin2hex(char *to, const void *from, size_t count)
{
	const u8 *byte = from;

	for (; count; count--, byte++) {
		*to++ = hex_asc[*byte >> 4];
		*to++ = hex_asc[*byte & 15];
	}
	return to;
}
EXPORT(bin2hex);

static int digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	character |= 0x20;
	return character >= 'a' && character <= 'z' ? character - 'a' + 10 : 36;
}

/* Skips the prefix, and finds the base when it is 0 (0x: 16, 0: 8, else 10). */
static const char *take_base(const char *text, unsigned int *base)
{
	bool hex = text[0] == '0' && (text[1] | 0x20) == 'x' && digit(text[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : text[0] == '0' ? 8 : 10;
	return *base == 16 && text[0] == '0' && (text[1] | 0x20) == 'x' ? text + 2 : text;
}

/* Reads digits up to the first other character; sets *overflow when the value lost its top bits. */
static const char *take_digits(const char *text, unsigned int base, u64 *value, bool *overflow)
{
	u64 sum = 0;

	*overflow = false;
	for (; digit(*text) < (int)base; text++) {
		u64 low = (u64)(u32)sum * base + digit(*text);
		u64 high = (u64)(u32)(sum >> 32) * base + (low >> 32);

		if (high >> 32)
			*overflow = true;
		sum = high << 32 | (u32)low;
	}
	*value = sum;
	return text;
}

u64 simple_strtoull(const char *text, char **end, unsigned int base)
{
	u64 value;
	bool overflow;

	text = take_digits(take_base(text, &base), base, &value, &overflow);
	if (end)
		*end = (char *)text;
	return value;
}
EXPORT(simple_strtoull);

unsigned long simple_strtoul(const char *text, char **end, unsigned int base)
{
	return simple_strtoull(text, end, base);
}
EXPORT(simple_strtoul);

s64 simple_strtoll(const char *text, char **end, unsigned int base)
{
	return *text == '-' ? -simple_strtoull(text + 1, end, base) : simple_strtoull(text, end, base);
}
EXPORT(simple_strtoll);

long simple_strtol(const char *text, char **end, unsigned int base)
{
	return simple_strtoll(text, end, base);
}
EXPORT(simple_strtol);

/* Reads the digits after any sign: the whole text but one newline, or -EINVAL; -ERANGE past 64 bits. */
static int magnitude(const char *text, unsigned int base, u64 *value)
{
	const char *digits = take_base(text, &base), *end;
	bool overflow;

	end = take_digits(digits, base, value, &overflow);
	if (overflow)
		return -ERANGE;
	if (end == digits)
		return -EINVAL;
	if (*end == '\n')
		end++;
	return *end ? -EINVAL : 0;
}

int kstrtoull(const char *text, unsigned int base, u64 *result)
{
	u64 value;
	int error = magnitude(*text == '+' ? text + 1 : text, base, &value);

	if (!error)
		*result = value;
	return error;
}
EXPORT(kstrtoull);

int kstrtoll(const char *text, unsigned int base, s64 *result)
{
	u64 value;
	int error;

	if (*text == '-') {
		error = magnitude(text + 1, base, &value);
		if (!error && (s64)-value > 0)
			error = -ERANGE;
		value = -value;
	} else {
		error = kstrtoull(text, base, &value);
		if (!error && (s64)value < 0)
			error = -ERANGE;
	}
	if (!error)
		*result = value;
	return error;
}
EXPORT(kstrtoll);

/* The narrower functions differ in their type only: a value that doesn't fit is -ERANGE. */
#define NARROWER(name, type, wide, convert)                             \
	int name(const char *text, unsigned int base, type *result)     \
	{                                                               \
		wide value;                                             \
		int error = convert(text, base, &value);                \
                                                                        \
		if (!error && (wide)(type)value != value)               \
			error = -ERANGE;                                \
		if (!error)                                             \
			*result = value;                                \
		return error;                                           \
	}                                                               \
	EXPORT(name)

NARROWER(kstrtouint, unsigned int, u64, kstrtoull);
NARROWER(kstrtoint, int, s64, kstrtoll);
NARROWER(_kstrtoul, unsigned long, u64, kstrtoull);
NARROWER(_kstrtol, long, s64, kstrtoll);
NARROWER(kstrtou16, u16, u64, kstrtoull);
NARROWER(kstrtos16, s16, s64, kstrtoll);
NARROWER(kstrtou8, u8, u64, kstrtoull);
NARROWER(kstrtos8, s8, s64, kstrtoll);

/* y, t, 1 and on are true; n, f, 0 and off are false. */
int kstrtobool(const char *text, bool *result)
{
	if (!text)
		return -EINVAL;
	switch (text[0] | 0x20) {
	case 'y':
	case 't':
	case '1':
		*result = true;
		return 0;
	case 'n':
	case 'f':
	case '0':
		*result = false;
		return 0;
	case 'o':
		if ((text[1] | 0x20) != 'n' && (text[1] | 0x20) != 'f')
			return -EINVAL;
		*result = (text[1] | 0x20) == 'n';
		return 0;
	}
	return -EINVAL;
}
EXPORT(kstrtobool);
