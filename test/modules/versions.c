/*
 * __versions for the kernel that VERMAGIC names, as modpost writes it: 64 bytes for each symbol, the checksum and the
 * name. The checksums are those of Debian's 6.1.0-50-4kc-malta. Built correctly, with a wrong checksum of
 * module_layout, without _printk's record, and empty.
 */
#include "module.h"

struct version {
	u32 checksum;
	char name[60];
};

static const struct version versions[] __attribute__((used, section("__versions"))) = {
#ifndef EMPTY
#ifdef WRONG_LAYOUT
	{ 0xdeadbeef, "module_layout" },
#else
	{ 0x2154240b, "module_layout" },
#endif
	{ 0x9514151a, "_mcount" },
#ifndef WITHOUT_PRINTK
	{ 0x92997ed8, "_printk" },
#endif
#endif
};
