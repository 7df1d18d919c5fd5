/* A treap that grows, is searched and shrinks: pointers, small helpers, and divisions by a variable. */

#define N 96

struct node {
	struct node *child[2];
	unsigned key, priority, size;
};

static struct node nodes[N];
static struct node *free_nodes;
static unsigned random;

static unsigned next_random(unsigned below)
{
	random = random * 1103515245 + 12345;
	return (random >> 8) % below;
}

static unsigned size_of(const struct node *node)
{
	return node ? node->size : 0;
}

static void measure(struct node *node)
{
	node->size = 1 + size_of(node->child[0]) + size_of(node->child[1]);
}

static struct node *rotate(struct node *node, int side)
{
	struct node *up = node->child[side];

	node->child[side] = up->child[!side];
	up->child[!side] = node;
	measure(node);
	measure(up);
	return up;
}

static struct node *insert(struct node *node, unsigned key)
{
	int side;

	if (!node) {
		node = free_nodes;
		if (!node)
			return 0;
		free_nodes = node->child[0];
		node->child[0] = node->child[1] = 0;
		node->key = key;
		node->priority = next_random(1 << 20);
		node->size = 1;
		return node;
	}
	if (node->key == key)
		return node;
	side = key > node->key;
	node->child[side] = insert(node->child[side], key);
	measure(node);
	if (node->child[side] && node->child[side]->priority > node->priority)
		return rotate(node, side);
	return node;
}

static struct node *erase(struct node *node, unsigned key)
{
	int side;

	if (!node)
		return 0;
	if (node->key != key) {
		side = key > node->key;
		node->child[side] = erase(node->child[side], key);
		measure(node);
		return node;
	}
	if (!node->child[0] || !node->child[1]) {
		struct node *only = node->child[!node->child[0]];
		node->child[0] = free_nodes;
		free_nodes = node;
		return only;
	}
	side = node->child[1]->priority > node->child[0]->priority;
	node = rotate(node, side);
	node->child[!side] = erase(node->child[!side], key);
	measure(node);
	return node;
}

/* Returns the key that has `rank` smaller keys. */
static unsigned at_rank(const struct node *node, unsigned rank)
{
	while (node) {
		unsigned smaller = size_of(node->child[0]);
		if (rank == smaller)
			return node->key;
		if (rank < smaller) {
			node = node->child[0];
		} else {
			rank -= smaller + 1;
			node = node->child[1];
		}
	}
	return ~0u;
}

unsigned tree(unsigned rounds)
{
	struct node *root = 0;
	unsigned sum = 0;

	random = 7;
	free_nodes = 0;
	for (int i = 0; i < N; i++) {
		nodes[i].child[0] = free_nodes;
		free_nodes = &nodes[i];
	}
	for (unsigned round = 0; round < rounds; round++) {
		unsigned size;
		for (int i = 0; i < 8; i++)
			root = insert(root, next_random(997 + round % 7));
		for (int i = 0; i < 6; i++)
			root = erase(root, at_rank(root, next_random(size_of(root) + 1)));
		size = size_of(root);
		if (size > N / 2)
			while (size_of(root) > N / 4)
				root = erase(root, at_rank(root, size_of(root) / 2));
		sum = sum * 31 + at_rank(root, size / 3) + size * 7;
		sum ^= sum % (size + 3);
	}
	return sum;
}
