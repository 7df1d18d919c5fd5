/* Calls through tables of functions: objects of four kinds, whose methods call one another through their tables. */

struct shape;

struct methods {
	unsigned (*area)(const struct shape *);
	unsigned (*edge)(const struct shape *);
	void (*grow)(struct shape *, unsigned by);
};

struct shape {
	const struct methods *methods;
	unsigned width, height;
};

static unsigned boxArea(const struct shape *shape) { return shape->width * shape->height; }
static unsigned boxEdge(const struct shape *shape) { return 2 * (shape->width + shape->height); }
static void boxGrow(struct shape *shape, unsigned by) { shape->width += by, shape->height += by & 3; }

static unsigned squareEdge(const struct shape *shape) { return 4 * shape->width; }
static void squareGrow(struct shape *shape, unsigned by) { shape->width += by, shape->height = shape->width; }

static unsigned triangleArea(const struct shape *shape) { return shape->width * shape->height / 2; }
static unsigned triangleEdge(const struct shape *shape) { return shape->width + shape->height + (shape->width ^ 3); }

static unsigned frameArea(const struct shape *shape)
{
	return shape->methods->edge(shape) * 2 + (shape->width & 1 ? 1 : shape->height);
}

static const struct methods kinds[] = {
	{ boxArea, boxEdge, boxGrow },
	{ boxArea, squareEdge, squareGrow },
	{ triangleArea, triangleEdge, boxGrow },
	{ frameArea, boxEdge, squareGrow },
};

static struct shape shapes_[24];

unsigned shapes(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < 24; i++) {
		shapes_[i].methods = &kinds[(i * 7 + i / 5) % 4];
		shapes_[i].width = i + 1;
		shapes_[i].height = i * 3 % 11 + 1;
	}
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < 24; i++) {
			struct shape *shape = &shapes_[i];

			sum = sum * 3 + shape->methods->area(shape) + shape->methods->edge(shape);
			shape->methods->grow(shape, sum >> 29);
			if (shape->width > 1000)
				shape->width = shape->height = i + 1;
		}
	return sum;
}
