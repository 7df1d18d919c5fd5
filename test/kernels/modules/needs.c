// A module that imports from memories.c, one symbol from its namespace.

#include <linux/module.h>

#include "memories.h"

int needs_both(int value);

noinline int needs_both(int value) { return memories_halves(value) + memories_count(); }
EXPORT_SYMBOL(needs_both);

MODULE_IMPORT_NS(MEMORIES);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A module that imports from another one and from a namespace");
