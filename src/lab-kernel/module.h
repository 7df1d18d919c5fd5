/*
 * The declarations that turn a C source into a module for Linux 6.1 on MIPS, o32 or n64, written for farjal: the
 * sections the loader reads (.modinfo, __ksymtab, __param, __jump_table, __ex_table) and the kernel functions that
 * the demo and the test modules call.
 */
#ifndef LAB_MODULE_H
#define LAB_MODULE_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef int s32;

#define GFP_KERNEL 0xcc0u

int _printk(const char *format, ...);
void *__kmalloc(size_t size, unsigned int flags);
void kfree(const void *object);
void *memcpy(void *to, const void *from, size_t count);
void *memset(void *start, int value, size_t count);
size_t strlen(const char *text);

#define noinline __attribute__((noinline, noclone))
#define notrace __attribute__((no_instrument_function))
#define __init __attribute__((section(".init.text"), cold))
#define __exit __attribute__((section(".exit.text"), cold, used, no_instrument_function))
#define __initdata __attribute__((section(".init.data")))

/* A pointer in assembly, with its alignment. */
#if _MIPS_SIM == _ABI64
#define POINTERS ".balign 8\n.dword "
#else
#define POINTERS ".balign 4\n.word "
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define AS_TEXT2(x) #x
#define AS_TEXT(x) AS_TEXT2(x)

/* One key=value of .modinfo. */
#define MODULE_INFO(key, value)                                                                  \
	static const char JOIN(info_, __COUNTER__)[] __attribute__((used, section(".modinfo"), aligned(1))) = \
		#key "=" value
#define MODULE_LICENSE(value) MODULE_INFO(license, value)
#define MODULE_DESCRIPTION(value) MODULE_INFO(description, value)
#define MODULE_IMPORT_NS(space) MODULE_INFO(import_ns, #space)

#define module_init(function) int init_module(void) __attribute__((copy(function), alias(#function)))
#define module_exit(function) void cleanup_module(void) __attribute__((copy(function), alias(#function)))

/* Each export has sections of its own; module.lds sorts them into the tables by name. */
#define EXPORT_IN(table, symbol, space)                                \
	__asm__(".pushsection __ksymtab_strings, \"aMS\", %progbits, 1\n" \
		"8: .asciz \"" #symbol "\"\n"                          \
		"9: .asciz \"" space "\"\n"                            \
		".popsection\n"                                        \
		".pushsection ___ksymtab" table "+" #symbol ", \"a\"\n" \
		POINTERS #symbol ", 8b, 9b\n"                          \
		".popsection")
#define EXPORT_SYMBOL(symbol) EXPORT_IN("", symbol, "")
#define EXPORT_SYMBOL_GPL(symbol) EXPORT_IN("_gpl", symbol, "")
#define EXPORT_SYMBOL_NS(symbol, space) EXPORT_IN("", symbol, #space)
#define EXPORT_CRC(table, symbol, crc)                                 \
	__asm__(".pushsection ___kcrctab" table "+" #symbol ", \"a\"\n" \
		".balign 4\n"                                          \
		".word " #crc "\n"                                     \
		".popsection")

/* A parameter: 20 bytes of __param (40 in n64), and its type in .modinfo. */
struct kernel_param {
	const char *name;
	void *module;
	const void *ops;
	u16 permissions;
	s8 level;
	u8 flags;
	void *value;
};

#define MODULE_PARAM(variable, type, mode)                                                          \
	extern const char param_ops_##type[];                                                       \
	static const char param_name_##variable[] = #variable;                                      \
	static const struct kernel_param param_##variable                                           \
		__attribute__((used, section("__param"), aligned(sizeof(void *)))) = {              \
			param_name_##variable, &__this_module, param_ops_##type, mode, -1, 0, &variable, \
	};                                                                                          \
	MODULE_INFO(parmtype, #variable ":" #type)

extern u8 __this_module[];

/* A static key: its enable count, and its initial state in bit 0. */
struct static_key {
	s32 enabled;
	u32 type;
};

/*
 * A branch that the kernel switches by rewriting one instruction: `site` is a branch to the next code (the loader
 * makes it a nop) or `j %l[taken]`. The entry's `bit` xor the key's initial state is 1 for a jump.
 */
#define STATIC_BRANCH(name, site, bit)                                                 \
	static __attribute__((always_inline)) inline bool name(struct static_key *key) \
	{                                                                              \
		__asm__ goto("1: " site "\n"                                           \
			     "2:\n"                                                    \
			     ".pushsection __jump_table, \"aw\"\n"                     \
			     POINTERS "1b, %l[taken], %0\n"                            \
			     ".popsection"                                             \
			     : : "i"((u8 *)key + (bit)) : : taken);                    \
		return false;                                                          \
	taken:                                                                         \
		return true;                                                           \
	}

#endif
