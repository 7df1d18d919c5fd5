/*
 * Functions with the arguments that kernel code has: pointers to structures, lists of them, text, 64 bits, bit-fields.
 * Built with debugging information, so that farjal knows their types.
 */
#include "module.h"

struct card_stats {
	u64 rx_bytes;
	u32 errors;
};

struct card {
	u32 mtu;
	const u8 *buf;
	struct card *next;
	char name[16];
	struct card_stats stats;
	u8 up : 1;
	u8 speed : 3;
};

u32 card_grow(struct card *card, u32 by)
{
	card->mtu += by;
	card->stats.rx_bytes += 5000000000;
	card->speed = 5;
	return card->mtu;
}

const char *card_name(const struct card *card)
{
	return card->name;
}

/* The number of cards in the list, and what their buffers begin with. */
u32 card_count(const struct card *card)
{
	u32 count = 0;

	for (; card; card = card->next)
		count += card->buf ? card->buf[0] : 1;
	return count;
}

u64 card_bytes(const struct card *card, u64 more)
{
	return card->stats.rx_bytes + more;
}

bool card_is_up(const struct card *card)
{
	return card->up;
}

int card_error(const struct card *card, u8 fatal)
{
	return fatal ? -22 : (int)card->stats.errors;
}

void card_reset(struct card *card)
{
	card->mtu = 1500;
}

MODULE_LICENSE("MIT");
