/* A linked list sorted by merging, and an array by quicksort, both comparing through function pointers. */

#define N 128

struct node {
	struct node *next;
	unsigned key;
};

typedef int (*compare_fn)(unsigned, unsigned);

static struct node nodes[N];
static unsigned keys[N];

static int ascending(unsigned a, unsigned b)
{
	return a < b ? -1 : a > b;
}

static int by_low_bits(unsigned a, unsigned b)
{
	return ascending(a & 0xffff, b & 0xffff);
}

static compare_fn const orders[] = { ascending, by_low_bits };

static struct node *merge(struct node *a, struct node *b, compare_fn compare)
{
	struct node *head, **tail = &head;

	while (a && b) {
		struct node **least = compare(a->key, b->key) <= 0 ? &a : &b;
		*tail = *least;
		tail = &(*least)->next;
		*least = *tail;
	}
	*tail = a ? a : b;
	return head;
}

static struct node *sort_list(struct node *list, compare_fn compare)
{
	struct node *middle = list, *fast = list->next, *rest;

	if (!fast)
		return list;
	while (fast && fast->next) {
		middle = middle->next;
		fast = fast->next->next;
	}
	rest = middle->next;
	middle->next = 0;
	return merge(sort_list(list, compare), sort_list(rest, compare), compare);
}

static void quicksort(unsigned *low, unsigned *high, compare_fn compare)
{
	while (low < high) {
		unsigned pivot = low[(high - low) / 2];
		unsigned *i = low, *j = high;
		while (i <= j) {
			while (compare(*i, pivot) < 0)
				i++;
			while (compare(*j, pivot) > 0)
				j--;
			if (i <= j) {
				unsigned kept = *i;
				*i++ = *j;
				*j-- = kept;
			}
		}
		quicksort(low, j, compare);
		low = i;
	}
}

unsigned sort(unsigned rounds)
{
	unsigned sum = 0, random = 1;

	for (unsigned round = 0; round < rounds; round++) {
		compare_fn compare = orders[round & 1];
		unsigned place = 0;
		for (unsigned i = 0; i < N; i++) {
			random = random * 1664525 + 1013904223;
			/* Keys differ in their low bits too, so no two are equal and the order is fixed. */
			nodes[i].key = keys[i] = (random & 0xffffff00) + i;
			nodes[i].next = i + 1 < N ? &nodes[i + 1] : 0;
		}
		quicksort(keys, keys + N - 1, compare);
		for (struct node *node = sort_list(nodes, compare); node; node = node->next)
			sum = sum * 33 + (node->key ^ keys[place++]) + (node->key >> 8) % 251;
	}
	return sum;
}
