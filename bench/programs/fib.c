/* Recursion: Fibonacci's numbers and Takeuchi's function. Almost all of it is calls and returns. */

static unsigned fibonacci(unsigned n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static int takeuchi(int x, int y, int z)
{
	if (y >= x)
		return z;
	return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

unsigned fib(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++)
		sum = sum * 31 + fibonacci(10 + round % 4) + (unsigned)takeuchi(6, 3, (int)(round % 3));
	return sum;
}
