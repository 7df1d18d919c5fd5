/*
 * What a module asks of the module loader: to stay loaded while it's used. The lab's host decides when
 * a module goes, so a reference is granted and not counted.
 */
#include "lab.h"

bool try_module_get(void *module)
{
	return true;
}
SERVICE(try_module_get);

void __module_get(void *module)
{
}
SERVICE(__module_get);

void module_put(void *module)
{
}
SERVICE(module_put);

/* Loading another module is the host's business: none is found. */
int __request_module(bool wait, const char *format, ...)
{
	return -ENOENT;
}
SERVICE(__request_module);

int fips_enabled;
SERVICE(fips_enabled);
