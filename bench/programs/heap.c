/* A priority queue in an array: numbers go in and the least comes out, each by a walk up or down the heap. */

#define MOST 128

static unsigned heap_[MOST];
static unsigned length;

static void push(unsigned key)
{
	unsigned at = length++;

	while (at > 0 && heap_[(at - 1) / 2] > key) {
		heap_[at] = heap_[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap_[at] = key;
}

static unsigned pop(void)
{
	unsigned least = heap_[0], key = heap_[--length], at = 0;

	for (unsigned child; (child = 2 * at + 1) < length; at = child) {
		if (child + 1 < length && heap_[child + 1] < heap_[child])
			child++;
		if (heap_[child] >= key)
			break;
		heap_[at] = heap_[child];
	}
	heap_[at] = key;
	return least;
}

unsigned heap(unsigned rounds)
{
	unsigned sum = 0, random = 12345;

	length = 0;
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < 32; i++) {
			random = random * 1103515245u + 12345;
			push(random >> 8);
		}
		for (unsigned i = 0; i < (length > 80 ? 40 : 24); i++)
			sum = sum * 5 + pop();
	}
	return sum;
}
