/*
 * Types of every kind, and what the compiler itself says of them: `layout` holds offsets and sizes in the order of the
 * test, and `bits_set` a structure in which one bit-field's bits are all set.
 */
#include "module.h"

enum colour { RED = -1, GREEN, BLUE = 1000 };
typedef u64 counter_t;
struct node;

struct bits {
	u32 low : 3;
	u32 middle : 13;
	u32 : 4;
	u32 high : 9;
};

union value {
	u64 wide;
	const char *text;
	u8 bytes[3][5];
};

struct node {
	struct node *next, **link;
	u8 tag;
	counter_t count;
	union value value;
	struct {
		u16 inner;
		enum colour colour;
	};
	int (*visit)(struct node *node, const void *what, ...);
	volatile struct bits flags;
	char tail[];
};

#define OFFSET(member) offsetof(struct node, member)

__attribute__((used)) const u32 layout[] = {
	OFFSET(next), OFFSET(link), OFFSET(tag), OFFSET(count), OFFSET(value), OFFSET(inner),
	OFFSET(visit), OFFSET(flags), OFFSET(tail), sizeof(struct node), sizeof(union value), sizeof(struct bits),
};

__attribute__((used)) const struct bits bits_set = {.middle = 0x1fff};

enum colour types_first(const struct node *const nodes[4], counter_t count, bool deep)
{
	return deep && count ? nodes[0]->colour : RED;
}

void types_nothing(void)
{
}
