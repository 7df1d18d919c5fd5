/*
 * Checks the built lab against the C library of the machine it runs on. build.sh links it with the object itself
 * (every symbol prefixed with lab_) and runs it under qemu, so it checks the code that the package contains. Inputs
 * are random with a fixed seed, the same in every run. The first difference ends the run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <ucontext.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define LAB(result, name, ...) extern result lab_##name(__VA_ARGS__)
LAB(void *, memcpy, void *, const void *, size_t);
LAB(void *, memmove, void *, const void *, size_t);
LAB(void *, memset, void *, int, size_t);
LAB(int, memcmp, const void *, const void *, size_t);
LAB(void *, memchr, const void *, int, size_t);
LAB(void *, memchr_inv, const void *, int, size_t);
LAB(void *, memscan, const void *, int, size_t);
LAB(size_t, strlen, const char *);
LAB(size_t, strnlen, const char *, size_t);
LAB(int, strcmp, const char *, const char *);
LAB(int, strncmp, const char *, const char *, size_t);
LAB(int, strcasecmp, const char *, const char *);
LAB(int, strncasecmp, const char *, const char *, size_t);
LAB(char *, strcpy, char *, const char *);
LAB(char *, stpcpy, char *, const char *);
LAB(char *, strncpy, char *, const char *, size_t);
LAB(size_t, strlcpy, char *, const char *, size_t);
LAB(int, strscpy, char *, const char *, size_t);
LAB(char *, strcat, char *, const char *);
LAB(char *, strncat, char *, const char *, size_t);
LAB(size_t, strlcat, char *, const char *, size_t);
LAB(char *, strchr, const char *, int);
LAB(char *, strchrnul, const char *, int);
LAB(char *, strrchr, const char *, int);
LAB(char *, strstr, const char *, const char *);
LAB(char *, strnstr, const char *, const char *, size_t);
LAB(size_t, strspn, const char *, const char *);
LAB(size_t, strcspn, const char *, const char *);
LAB(char *, strpbrk, const char *, const char *);
LAB(char *, strsep, char **, const char *);
LAB(u64, simple_strtoull, const char *, char **, unsigned);
LAB(s64, simple_strtoll, const char *, char **, unsigned);
LAB(int, kstrtoull, const char *, unsigned, u64 *);
LAB(int, kstrtoll, const char *, unsigned, s64 *);
LAB(int, kstrtou8, const char *, unsigned, u8 *);
LAB(int, kstrtoint, const char *, unsigned, int *);
LAB(int, hex2bin, u8 *, const char *, size_t);
LAB(char *, bin2hex, char *, const void *, size_t);
LAB(u64, __ashldi3, u64, int);
LAB(u64, __lshrdi3, u64, int);
LAB(s64, __ashrdi3, s64, int);
LAB(int, __cmpdi2, s64, s64);
LAB(int, __ucmpdi2, u64, u64);
LAB(u32, __bswapsi2, u32);
LAB(u64, __bswapdi2, u64);
LAB(u64, div64_u64_rem, u64, u64, u64 *);
LAB(s64, div64_s64, s64, s64);
LAB(s64, div_s64_rem, s64, int, int *);
LAB(u32, __div64_32, u64 *, u32);
LAB(unsigned, int_sqrt, unsigned);
LAB(unsigned, __sw_hweight32, u32);
LAB(unsigned, __sw_hweight64, u64);
LAB(unsigned, _find_next_bit, const u32 *, unsigned, unsigned);
LAB(unsigned, _find_next_zero_bit, const u32 *, unsigned, unsigned);
LAB(int, __bitmap_weight, const u32 *, unsigned);
LAB(void *, __kmalloc, size_t, unsigned);
LAB(void *, krealloc, const void *, size_t, unsigned);
LAB(void, kfree, const void *);
LAB(size_t, ksize, const void *);
LAB(void *, vmalloc, unsigned);
LAB(char *, kstrdup, const char *, unsigned);
LAB(void, panic, const char *, ...);
LAB(void, mutex_lock, u32 *);
LAB(bool, __list_add_valid, void *, void *, void *);
extern u32 lab_lab_heap_start, lab_lab_heap_end;
extern const u8 lab__ctype[256];

static const char *checking = "start";

#define CHECK(condition)                                                                      \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			printf("%s: line %d: %s\n", checking, __LINE__, #condition);          \
			exit(1);                                                              \
		}                                                                             \
	} while (0)

static u32 state = 1;

static u32 draw(u32 below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return below ? state % below : state;
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void draw_bytes(u8 *bytes, u32 count, u32 letters)
{
	while (count--)
		*bytes++ = draw(letters);
}

/* Makes a text of few different letters, so that searches find something; signs and both cases are among them. */
static void draw_text(char *text, u32 longest)
{
	static const char letters[] = "abcABC \xe4\x80-,1";
	u32 length = draw(longest + 1);

	text[length] = '\0';
	while (length)
		text[--length] = letters[draw(sizeof(letters) - 1)];
}

static void check_memory(void)
{
	static u8 here[300], there[300], from[300];

	checking = "memory";
	for (int round = 0; round < 20000; round++) {
		u32 to = draw(40), at = draw(40), count = draw(200);
		int value = draw(0);

		draw_bytes(from, sizeof(from), round % 2 ? 256 : 3);
		memcpy(here, from, sizeof(here));
		memcpy(there, from, sizeof(there));
		CHECK(lab_memcpy(here + to, from + at, count) == here + to);
		memcpy(there + to, from + at, count);
		CHECK(!memcmp(here, there, sizeof(here)));
		CHECK(lab_memmove(here + to, here + at, count) == here + to);
		memmove(there + to, there + at, count);
		CHECK(!memcmp(here, there, sizeof(here)));
		CHECK(sign(lab_memcmp(here + to, from + at, count)) == sign(memcmp(here + to, from + at, count)));
		CHECK(lab_memchr(here + to, value, count) == memchr(here + to, value, count));
		u8 *found = memchr(here + to, value, count);
		CHECK(lab_memscan(here + to, value, count) == (found ? found : here + to + count));
		u32 same = 0;
		while (same < count && here[to + same] == (u8)(value % 3))
			same++;
		CHECK(lab_memchr_inv(here + to, value % 3, count) == (same < count ? here + to + same : NULL));
		CHECK(lab_memset(here + to, value, count) == here + to);
		memset(there + to, value, count);
		CHECK(!memcmp(here, there, sizeof(here)));
	}
}

static void check_text(void)
{
	static char a[64], b[64], here[200], there[200];

	checking = "text";
	for (int round = 0; round < 40000; round++) {
		u32 limit = draw(50);
		int wanted = "abcABC \xe4z"[draw(10)]; /* the terminator too */

		draw_text(a, round % 3 ? 40 : 4);
		if (round % 4)
			draw_text(b, round % 5 ? 3 : 40);
		else
			strcpy(b, a);
		CHECK(lab_strlen(a) == strlen(a));
		CHECK(lab_strnlen(a, limit) == strnlen(a, limit));
		CHECK(sign(lab_strcmp(a, b)) == sign(strcmp(a, b)));
		CHECK(sign(lab_strncmp(a, b, limit)) == sign(strncmp(a, b, limit)));
		CHECK(sign(lab_strcasecmp(a, b)) == sign(strcasecmp(a, b)));
		CHECK(sign(lab_strncasecmp(a, b, limit)) == sign(strncasecmp(a, b, limit)));
		CHECK(lab_strchr(a, wanted) == strchr(a, wanted));
		CHECK(lab_strchrnul(a, wanted) == strchrnul(a, wanted));
		CHECK(lab_strrchr(a, wanted) == strrchr(a, wanted));
		CHECK(lab_strstr(a, b) == strstr(a, b));
		CHECK(lab_strnstr(a, b, limit) == memmem(a, strnlen(a, limit), b, strlen(b)));
		CHECK(lab_strspn(a, b) == strspn(a, b));
		CHECK(lab_strcspn(a, b) == strcspn(a, b));
		CHECK(lab_strpbrk(a, b) == strpbrk(a, b));

		memset(here, 'x', sizeof(here));
		memset(there, 'x', sizeof(there));
		CHECK(lab_strcpy(here, a) == here);
		strcpy(there, a);
		CHECK(lab_strcat(here, b) == here);
		strcat(there, b);
		CHECK(lab_strncat(here, b, limit) == here);
		strncat(there, b, limit);
		CHECK(!memcmp(here, there, sizeof(here)));
		CHECK(lab_strncpy(here, b, limit) == here);
		strncpy(there, b, limit);
		CHECK(!memcmp(here, there, sizeof(here)));
		CHECK(lab_stpcpy(here, b) - here == stpcpy(there, b) - there);
		CHECK(!memcmp(here, there, sizeof(here)));

		/* strlcpy, strlcat and strscpy are compared with snprintf, which truncates in the same way. */
		CHECK(lab_strlcpy(here, a, limit) == (size_t)snprintf(there, limit, "%s", a));
		CHECK(!memcmp(here, there, sizeof(here)));
		if (limit) {
			CHECK(lab_strscpy(here, b, limit) == (strlen(b) < limit ? (int)strlen(b) : -7));
			snprintf(there, limit, "%s", b);
			CHECK(!memcmp(here, there, sizeof(here)));
			size_t start = strlen(here);
			CHECK(lab_strlcat(here, a, limit) == start + strlen(a));
			snprintf(there + start, limit - start, "%s", a);
			CHECK(!memcmp(here, there, sizeof(here)));
		}

		char *rest = strcpy(here, a), *other = strcpy(there, a);
		while (rest) {
			CHECK(lab_strsep(&rest, b) - here == strsep(&other, b) - there);
			CHECK((rest ? rest - here : -1) == (other ? other - there : -1));
			CHECK(!memcmp(here, there, sizeof(here)));
		}
	}
}

static void check_numbers(void)
{
	static const unsigned bases[] = { 0, 8, 10, 16 };
	char text[80], *end, *other;
	u8 bytes[20], again[20];

	checking = "numbers";
	for (int round = 0; round < 40000; round++) {
		u64 value = (u64)draw(0) << 32 | draw(0);
		unsigned base = bases[draw(4)];
		int shift = draw(64);
		static const char *const forms[] = { "%llu", "0x%llx", "0%llo", "%llx", "%lluz", "%llu\n", "0X%llX" };

		snprintf(text, sizeof(text), forms[draw(7)], value >> shift);
		if (draw(20) == 0)
			text[draw(3)] = "gx- +\0"[draw(6)];
		if (text[0] != ' ' && text[0] != '+' && text[0] != '-' && strcmp(text, "0x")) {
			errno = 0;
			u64 expected = strtoull(text, &other, base);
			bool fits = errno == 0;

			/* "0xg" has no digits after its prefix; the kernel skips the prefix, C does not. */
			if (!(*other == 'x' || *other == 'X')) {
				u64 loose = lab_simple_strtoull(text, &end, base);

				CHECK(end == other && (loose == expected || !fits));
				u64 strict = 1;
				int error = lab_kstrtoull(text, base, &strict);
				bool whole = end != text && (!*end || (*end == '\n' && !end[1]));
				CHECK(error == (!fits ? -34 : whole ? 0 : -22));
				CHECK(strict == (error ? 1 : expected));
				u8 small = 7;
				error = lab_kstrtou8(text, base, &small);
				CHECK(error == (!fits ? -34 : !whole ? -22 : expected > 255 ? -34 : 0));
				CHECK(small == (error ? 7 : expected));
			}
		}
		s64 number = (s64)value >> shift;
		snprintf(text, sizeof(text), "%lld", (long long)number);
		CHECK(lab_simple_strtoll(text, &end, 10) == number && !*end);
		s64 strict = 0;
		CHECK(lab_kstrtoll(text, 10, &strict) == 0 && strict == number);
		int narrow = 0;
		CHECK(lab_kstrtoint(text, 10, &narrow) == (number == (int)number ? 0 : -34));

		draw_bytes(bytes, sizeof(bytes), 256);
		CHECK(lab_bin2hex(text, bytes, sizeof(bytes)) == text + 2 * sizeof(bytes));
		CHECK(!lab_hex2bin(again, text, sizeof(bytes)) && !memcmp(bytes, again, sizeof(bytes)));
		text[draw(40)] = 'g';
		CHECK(lab_hex2bin(again, text, sizeof(bytes)) == -22);
	}
	u64 value;
	CHECK(lab_kstrtoull("18446744073709551615", 10, &value) == 0 && value == ~0ull);
	CHECK(lab_kstrtoull("18446744073709551616", 10, &value) == -34);
	CHECK(lab_kstrtoull("0xffffffffffffffff0", 0, &value) == -34);
	CHECK(lab_kstrtoull("", 10, &value) == -22);
	s64 number;
	CHECK(lab_kstrtoll("-9223372036854775808", 10, &number) == 0 && number == INT64_MIN);
	CHECK(lab_kstrtoll("9223372036854775808", 10, &number) == -34);
	for (int c = 0; c < 128; c++) {
		CHECK(!(lab__ctype[c] & 0x03) == !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')));
		CHECK(!(lab__ctype[c] & 0x20) == !(c == ' ' || (c >= 9 && c <= 13)));
		CHECK(!(lab__ctype[c] & 0x44) == !memchr("0123456789abcdefABCDEF", c, 22));
	}
}

static void check_arithmetic(void)
{
	checking = "arithmetic";
	for (int round = 0; round < 40000; round++) {
		u64 a = ((u64)draw(0) << 32 | draw(0)) >> draw(64), b = ((u64)draw(0) << 32 | draw(0)) >> draw(64);
		volatile int shift = draw(64);
		u64 rest, copy = a;
		u32 bits[4] = { draw(0) & draw(0), draw(3) ? 0 : ~0u, draw(0), draw(2) ? ~0u : 0 };
		unsigned size = draw(129), start = draw(140), weight = 0, next = size, zero = size;
		int signed_rest;

		if (draw(2))
			a = -a;
		CHECK(lab___ashldi3(a, shift) == a << shift);
		CHECK(lab___lshrdi3(a, shift) == a >> shift);
		CHECK(lab___ashrdi3(a, shift) == (s64)a >> shift);
		CHECK(lab___cmpdi2(a, b) == ((s64)a > (s64)b) - ((s64)a < (s64)b) + 1);
		CHECK(lab___ucmpdi2(a, b) == (a > b) - (a < b) + 1);
		CHECK(lab___bswapsi2(a) == __builtin_bswap32(a));
		CHECK(lab___bswapdi2(a) == __builtin_bswap64(a));
		CHECK(lab___sw_hweight32(a) == (unsigned)__builtin_popcount(a));
		CHECK(lab___sw_hweight64(a) == (unsigned)__builtin_popcountll(a));
		u64 root = lab_int_sqrt(a);
		CHECK(root * root <= (u32)a && (root + 1) * (root + 1) > (u32)a);
		if (b) {
			CHECK(lab_div64_u64_rem(a, b, &rest) == a / b && rest == a % b);
			CHECK(lab_div64_s64(a, b) == (s64)a / (s64)b);
		}
		if ((int)b) {
			CHECK(lab_div_s64_rem(a, b, &signed_rest) == (s64)a / (int)b && signed_rest == (s64)a % (int)b);
			copy = a;
			CHECK(lab___div64_32(&copy, b) == a % (u32)b && copy == a / (u32)b);
		}
		for (unsigned bit = 0; bit < size; bit++) {
			bool set = bits[bit / 32] >> (bit % 32) & 1;

			weight += set;
			if (bit >= start && set && next == size)
				next = bit;
			if (bit >= start && !set && zero == size)
				zero = bit;
		}
		CHECK(lab___bitmap_weight(bits, size) == (int)weight);
		CHECK(lab__find_next_bit(bits, size, start) == next);
		CHECK(lab__find_next_zero_bit(bits, size, start) == zero);
	}
}

static sigjmp_buf on_hypercall;
static u32 stopped_at;

/* A HYPERCALL is a reserved instruction here; its handler reports which function contains it. */
static void stop(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	stopped_at = ((ucontext_t *)context)->uc_mcontext.pc;
	siglongjmp(on_hypercall, 1);
}

#define PANICS(call)                                             \
	do {                                                     \
		stopped_at = 0;                                  \
		if (!sigsetjmp(on_hypercall, 1))                 \
			call;                                    \
		CHECK(stopped_at == (u32)lab_panic);             \
	} while (0)

#define OBJECTS 200

static void check_heap(void)
{
	static u8 range[1 << 17] __attribute__((aligned(16)));
	static struct {
		u8 *at;
		u32 size;
		u8 value;
	} objects[OBJECTS];
	u32 failures = 0;

	checking = "heap";
	lab_lab_heap_start = (u32)range + 3;
	lab_lab_heap_end = (u32)range + sizeof(range) - 5;
	u32 whole = sizeof(range);
	void *all;
	while (!(all = lab___kmalloc(whole - 1, 0)))
		whole -= 16;
	CHECK(whole > sizeof(range) - 96);
	lab_kfree(all);

	for (int round = 0; round < 100000; round++) {
		u32 index = draw(OBJECTS);
		u8 *at = objects[index].at;

		if (at) {
			for (u32 i = 0; i < objects[index].size; i++)
				CHECK(at[i] == objects[index].value);
			if (draw(4)) {
				lab_kfree(at);
				objects[index].at = NULL;
				continue;
			}
		}
		u32 size = draw(10) ? draw(2000) : 1u << draw(14);
		bool zeroed = draw(2);
		u8 *now = at ? lab_krealloc(at, size, 0) : lab___kmalloc(size, zeroed ? 0x100 : 0);

		if (!now) {
			failures++;
			continue; /* a failed krealloc leaves the object unchanged */
		}
		if (!size) {
			CHECK(now == (u8 *)16);
			objects[index].at = NULL;
			continue;
		}
		CHECK(now >= range && now + size <= range + sizeof(range));
		CHECK((u32)now % 16 == 0 && lab_ksize(now) >= size);
		if (!at && (size & (size - 1)) == 0)
			CHECK((u32)now % (size < 4096 ? size : 4096) == 0);
		for (u32 i = 0; i < size; i++) {
			if (at && i < objects[index].size)
				CHECK(now[i] == objects[index].value);
			else if (!at && zeroed)
				CHECK(now[i] == 0);
		}
		objects[index].at = now;
		objects[index].size = size;
		objects[index].value = draw(256);
		memset(now, objects[index].value, size);
	}
	CHECK(failures > 0); /* the range is too small for all of them, on purpose */
	for (int index = 0; index < OBJECTS; index++)
		lab_kfree(objects[index].at);
	all = lab___kmalloc(whole - 1, 0);
	CHECK(all); /* everything merged into one block again */
	lab_kfree(all);

	char *text = lab_kstrdup("text", 0);
	CHECK(!strcmp(text, "text"));
	lab_kfree(text);
	lab_kfree(NULL);
	lab_kfree((void *)16);
	PANICS(lab_kfree(text));
	PANICS(lab_kfree(text + 1));
	PANICS(lab_kfree(range + 160));
	PANICS(lab_kfree(&failures));
}

static void check_guards(void)
{
	u32 mutex[8] = { 0 };
	struct node {
		struct node *next, *previous;
	} head = { &head, &head }, node;

	checking = "guards";
	lab_mutex_lock(mutex);
	PANICS(lab_mutex_lock(mutex));
	CHECK(lab___list_add_valid(&node, &head, &head));
	head.next = &node;
	PANICS(lab___list_add_valid(&node, &head, &head));
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = stop, .sa_flags = SA_SIGINFO };

	sigaction(SIGILL, &action, NULL);
	check_memory();
	check_text();
	check_numbers();
	check_arithmetic();
	check_heap();
	check_guards();
	return 0;
}
