/* Linked lists: cells are taken from one, pushed on another in order, found, unlinked and turned around. */

#define CELLS 64

struct cell {
	struct cell *next;
	unsigned key;
};

static struct cell cells[CELLS];
static struct cell *unused, *ordered;

static void insert(unsigned key)
{
	struct cell **at = &ordered, *cell = unused;

	unused = cell->next;
	cell->key = key;
	while (*at && (*at)->key < key)
		at = &(*at)->next;
	cell->next = *at;
	*at = cell;
}

static struct cell *reversed(struct cell *list)
{
	struct cell *done = 0;

	while (list) {
		struct cell *next = list->next;

		list->next = done;
		done = list;
		list = next;
	}
	return done;
}

unsigned list(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++) {
		unused = ordered = 0;
		for (unsigned i = 0; i < CELLS; i++) {
			cells[i].next = unused;
			unused = &cells[i];
		}
		for (unsigned i = 0; i < CELLS; i++)
			insert((i * 37 + round * 11) & 255);
		ordered = reversed(ordered);
		for (struct cell *cell = ordered; cell; cell = cell->next)
			sum = sum * 31 + cell->key;
	}
	return sum;
}
