/*
 * The part of a module that kbuild generates from its name: struct module (576 bytes on 32-bit MIPS 6.1, 832 on
 * 64-bit; a loader uses only the name and the two functions), and the build's entries in .modinfo.
 */
#include "module.h"

#ifndef VERMAGIC
#if _MIPS_SIM == _ABI64
#define VERMAGIC "6.1.0-50-5kc-malta SMP mod_unload modversions MIPS64_R2 64BIT "
#elif defined(LINUX_6_12)
#define VERMAGIC "6.12.117 mod_unload MIPS32_R2 32BIT "
#else
#define VERMAGIC "6.1.0-50-4kc-malta SMP mod_unload modversions MIPS32_R2 32BIT "
#endif
#endif

MODULE_INFO(depends, DEPENDS);
MODULE_INFO(name, MODULE_NAME);
MODULE_INFO(vermagic, VERMAGIC);

int init_module(void);
void cleanup_module(void);

/* Alignment and offsets of 6.1 with CONFIG_SMP. */
#if _MIPS_SIM == _ABI64
enum { INIT_AT = 0x138, EXIT_AT = 0x328, SIZE = 832 };
#elif defined(LINUX_6_12) /* without CONFIG_SMP and CONFIG_MODVERSIONS */
enum { INIT_AT = 0xc4, EXIT_AT = 0x28c, SIZE = 704 };
#else
enum { INIT_AT = 0xc8, EXIT_AT = 0x210, SIZE = 576 };
#endif

struct module {
	u8 before_name[3 * sizeof(void *)];
	char name[64 - sizeof(void *)];
	u8 before_init[INIT_AT - 64 - 2 * sizeof(void *)];
	int (*init)(void);
	u8 before_exit[EXIT_AT - INIT_AT - sizeof(void *)];
	void (*exit)(void);
	u8 rest[SIZE - EXIT_AT - sizeof(void *)];
};

_Static_assert(sizeof(struct module) == SIZE, "struct module is as large as the kernel's");

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
