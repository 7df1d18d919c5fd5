/* A second unit, with a line table of its own. */
#include "lines.h"

u32 more_digest(const u8 *bytes, u32 count)
{
	struct sample sample = {count, 0x9e3779b9};
	u32 total = 0;

	while (count--) {
		sample.first ^= *bytes++;
		total = rotate(total, 5) ^ stir(&sample, count);
	}
	return total;
}
