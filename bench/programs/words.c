/* Byte strings: words of a text are hashed, looked up in a table with open addressing, compared and counted. */

#define SLOTS 64

static const char text[] = "the quick brown fox jumps over the lazy dog and the dog sees that the fox is quick but not "
			   "as quick as the other fox which jumps over no dog at all and is not brown";

struct slot {
	const char *word;
	unsigned length, count;
};

static struct slot slots[SLOTS];

static int isEqual(const char *a, const char *b, unsigned length)
{
	while (length && *a == *b)
		a++, b++, length--;
	return length == 0;
}

static struct slot *find(const char *word, unsigned length)
{
	unsigned hash = 2166136261u;

	for (unsigned i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)word[i]) * 16777619u;
	for (;; hash++) {
		struct slot *slot = &slots[hash % SLOTS];

		if (!slot->word || (slot->length == length && isEqual(slot->word, word, length)))
			return slot;
	}
}

unsigned words(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++) {
		const char *at = text;

		for (unsigned i = 0; i < SLOTS; i++)
			slots[i].word = 0, slots[i].count = 0;
		while (*at) {
			const char *begin = at;

			while (*at && *at != ' ')
				at++;
			struct slot *slot = find(begin, at - begin);
			slot->word = begin;
			slot->length = at - begin;
			slot->count += round + 1;
			while (*at == ' ')
				at++;
		}
		for (unsigned i = 0; i < SLOTS; i++)
			sum = sum * 7 + slots[i].count;
	}
	return sum;
}
