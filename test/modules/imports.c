/*
 * A module that imports from another (init.c): a function, data, and a symbol in a namespace, which
 * WITHOUT_NAMESPACE leaves undeclared.
 */
#include "module.h"

extern u32 init_counter;
u32 init_count(void);
u32 init_lookup(u32 index);

u32 imports_run(u32 index)
{
	return init_count() + init_lookup(index) + init_counter;
}

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Imports from another module");
#ifndef WITHOUT_NAMESPACE
MODULE_IMPORT_NS(FARJAL);
#endif
