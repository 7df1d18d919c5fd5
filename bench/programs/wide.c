/* Arithmetic on 64 bits by halves: a generator of random numbers, products, and a sum with carries. */

static unsigned long long state;

static unsigned long long next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

unsigned wide(unsigned rounds)
{
	unsigned long long sum = 0, product = 1;

	state = 0x9e3779b97f4a7c15ull;
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < 100; i++) {
			unsigned long long x = next();

			sum += x ^ (sum << 13) ^ (sum >> 51);
			product = product * (x | 1) + (x > sum ? 3 : 5);
		}
	sum ^= product;
	return (unsigned)(sum >> 32) ^ (unsigned)sum;
}
