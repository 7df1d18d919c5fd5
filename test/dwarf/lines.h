/* What lines.c and more.c share: functions that are inlined from a header, and a macro that is a whole loop. */
#include "module.h"

#define always_inline inline __attribute__((always_inline))

struct sample {
	u32 first;
	u32 second;
};

static always_inline u32 rotate(u32 value, u32 by)
{
	return value << by | value >> (32 - by);
}

static always_inline u32 stir(struct sample *sample, u32 round)
{
	sample->first += rotate(sample->second, 7);
	if (sample->first & 1)
		sample->second ^= rotate(sample->first, round & 15);
	return sample->first + sample->second;
}

#define SUM(total, sample, rounds)                       \
	do {                                             \
		for (u32 i = 0; i < (rounds); i++)       \
			(total) += stir((sample), i);    \
	} while (0)

u32 more_digest(const u8 *bytes, u32 count);
