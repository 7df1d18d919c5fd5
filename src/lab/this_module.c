/*
 * The part of a module that kbuild makes from its name: struct module (576 bytes on 32-bit MIPS 6.1;
 * only the name and the two functions matter to a loader), and what .modinfo says of the build.
 */
#include "module.h"

#ifndef VERMAGIC
#define VERMAGIC "6.1.0-50-4kc-malta SMP mod_unload modversions MIPS32_R2 32BIT "
#endif

MODULE_INFO(depends, DEPENDS);
MODULE_INFO(name, MODULE_NAME);
MODULE_INFO(vermagic, VERMAGIC);

int init_module(void);
void cleanup_module(void);

/* alignof and offsets: 6.1, CONFIG_SMP, 32-bit MIPS. */
struct module {
	u8 before_name[12];
	char name[60];
	u8 before_init[0xc8 - 72];
	int (*init)(void);
	u8 before_exit[0x210 - 0xcc];
	void (*exit)(void);
	u8 rest[576 - 0x214];
};

_Static_assert(sizeof(struct module) == 576, "struct module is 576 bytes");

struct module __this_module_object __asm__("__this_module")
	__attribute__((used, aligned(64), section(".gnu.linkonce.this_module"))) = {
	.name = MODULE_NAME,
#ifdef HAS_INIT
	.init = init_module,
#endif
#ifdef HAS_EXIT
	.exit = cleanup_module,
#endif
};
