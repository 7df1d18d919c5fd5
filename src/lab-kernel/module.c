/*
 * What a module requests from the module loader: to stay loaded while it is in use. The host decides when a module is
 * unloaded, so a reference is granted and not counted.
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

/* The host loads modules, so this finds none. */
int __request_module(bool wait, const char *format, ...)
{
	return -ENOENT;
}
SERVICE(__request_module);

int fips_enabled;
SERVICE(fips_enabled);
