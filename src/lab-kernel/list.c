/*
 * The checks that CONFIG_DEBUG_LIST puts before each list operation. A corrupt list ends the run, as it does on
 * Debian's kernels (CONFIG_BUG_ON_DATA_CORRUPTION).
 */
#include "lab.h"

struct list_head {
	struct list_head *next, *prev;
};

#define POISON1 ((struct list_head *)0x100)
#define POISON2 ((struct list_head *)0x122)

bool __list_add_valid(struct list_head *new, struct list_head *prev, struct list_head *next)
{
	if (!prev || !next)
		panic("list_add corruption. %s is NULL.", prev ? "next" : "prev");
	if (next->prev != prev)
		panic("list_add corruption. next->prev should be prev (%px), but was %px. (next=%px).", prev,
		      next->prev, next);
	if (prev->next != next)
		panic("list_add corruption. prev->next should be next (%px), but was %px. (prev=%px).", next,
		      prev->next, prev);
	if (new == prev || new == next)
		panic("list_add double add: new=%px, prev=%px, next=%px.", new, prev, next);
	return true;
}
EXPORT(__list_add_valid);

bool __list_del_entry_valid(struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	if (!next || !prev)
		panic("list_del corruption, %px->%s is NULL", entry, next ? "prev" : "next");
	if (next == POISON1)
		panic("list_del corruption, %px->next is LIST_POISON1 (%px)", entry, POISON1);
	if (prev == POISON2)
		panic("list_del corruption, %px->prev is LIST_POISON2 (%px)", entry, POISON2);
	if (prev->next != entry)
		panic("list_del corruption. prev->next should be %px, but was %px. (prev=%px)", entry, prev->next,
		      prev);
	if (next->prev != entry)
		panic("list_del corruption. next->prev should be %px, but was %px. (next=%px)", entry, next->prev,
		      next);
	return true;
}
EXPORT(__list_del_entry_valid);
